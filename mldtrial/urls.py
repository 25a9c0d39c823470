"""Routes of the whole site."""

from django.urls import include, path

handler404 = "mldtrial.trial.views.missing.not_found"

urlpatterns = [
    path("", include("mldtrial.trial.urls")),
    path("", include("segmentation.urls")),
    path("", include("analytics.urls")),
]
