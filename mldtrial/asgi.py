"""The ASGI entry point."""

import os
from importlib import import_module

from django.conf import settings
from django.core.asgi import get_asgi_application

from mldtrial.collector import keep_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mldtrial.settings.local")
application = get_asgi_application()
# Every page with all that it imports: else the first person would wait for it.
import_module(settings.ROOT_URLCONF)
keep_loaded()
