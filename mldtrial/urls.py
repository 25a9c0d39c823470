"""Routes of the whole site."""

from django.urls import include, path

urlpatterns = [
    path("", include("mldtrial.trial.urls")),
    path("", include("segmentation.urls")),
    path("", include("analytics.urls")),
]
