"""All settings, read from the environment; the other modules only override."""

import os
import secrets
from pathlib import Path

import pghistory

from mldtrial.embedded import postgres, valkey
from mldtrial.embedded.database_url import django_database
from mldtrial.settings.environment import given

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(given("MLDTRIAL_DATA", str(BASE_DIR / "var"))).resolve()
PORT = int(given("MLDTRIAL_PORT", "8000"))


def _secret_key() -> str:
    """Return the key from the environment, or one made once and kept beside the data."""
    if key := given("DJANGO_SECRET_KEY"):
        return key
    path = DATA_DIR / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(48))
    return path.read_text()


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = [key for key in given("DJANGO_SECRET_KEY_FALLBACKS").split(",") if key]
DEBUG = False
ALLOWED_HOSTS = given("MLDTRIAL_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in given("MLDTRIAL_ORIGINS").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "pgtrigger",
    "pghistory",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "mldtrial.embedded",
    "mldtrial.accounts",
    "mldtrial.audit",
    "mldtrial.trial",
    "segmentation",
    "analytics",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mldtrial.accounts.middleware.session_limits",
    "mldtrial.accounts.middleware.sign_in_of_fragments",
    "mldtrial.accounts.middleware.sign_in_of_transfers",
    # Every route asks for a sign-in unless its view says otherwise.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "mldtrial.audit.middleware.audit_context",
    "mldtrial.accounts.middleware.private_pages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "mldtrial.trial.middleware.SecondFactorRequired",
]

ROOT_URLCONF = "mldtrial.urls"
WSGI_APPLICATION = "mldtrial.wsgi.application"
ASGI_APPLICATION = "mldtrial.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mldtrial.trial.views.context.studies",
            ],
        },
    }
]

# The web and the workers connect as a role that owns no table; only migrations
# connect as the owner (DATABASE_URL=$DATABASE_OWNER_URL manage.py migrate).
DATABASE_URL = given("DATABASE_URL") or postgres.urls(DATA_DIR).app
DATABASES = {"default": django_database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

# Who and why stand inside every event row: a shared context row would let a later
# reason overwrite an earlier one.
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField(null=False)
PGHISTORY_CONTEXT_ID_FIELD = pghistory.ContextUUIDField(null=False)
PGHISTORY_APPEND_ONLY = True
PGHISTORY_CREATED_AT_FUNCTION = "clock_timestamp()"
PGHISTORY_INSTALL_CONTEXT_FUNC_ON_MIGRATE = True
# Where the head of the hash chain is copied to; a folder that the database's administrator
# may not write is best. Empty: audit_anchors.jsonl in the data folder.
AUDIT_ANCHOR_FILE = given("MLDTRIAL_AUDIT_ANCHOR_FILE")

CELERY_BROKER_URL = given("CELERY_BROKER_URL") or valkey.url(DATA_DIR)
SEGMENTATION_DEVICE = given("MLDTRIAL_DEVICE", "cpu")
# Of the devices that may be declared, those that need no GPU.
DEVICES_WITHOUT_GPU = ("cpu", "openvino")
# Visits whose images are prepared while the network has another one, if it is not a processor.
SEGMENTATION_AHEAD = max(
    0, int(given("MLDTRIAL_AHEAD", "0" if SEGMENTATION_DEVICE in DEVICES_WITHOUT_GPU else "4"))
)
SEGMENTATION_MODELS = BASE_DIR / "segmentation" / "pretrained"
# The store of images and masks, content-addressed; uploads wait in quarantine.
OBJECT_STORE = DATA_DIR / "objects"
UPLOAD_MAX_BYTES = int(given("MLDTRIAL_UPLOAD_MAX_BYTES", str(2 * 1024**3)))
# A file that is sent in pieces: how large one may be, how long a file may lie between two, how many
# of a person and of a site may be on their way, and the room that they leave on the volume.
TRANSFER_PIECE_BYTES = 8 * 1024**2
TRANSFER_DAYS = 7
TRANSFERS_OF_PERSON = 32
TRANSFERS_OF_SITE = 128
TRANSFER_KEEP_FREE_BYTES = 2 * 1024**3
# Of a training: threads of the network, and processes that draw patches (a GPU wants 8 or more).
TRAINING_THREADS = int(given("MLDTRIAL_TRAINING_THREADS", str(os.cpu_count() or 1)))
TRAINING_AUGMENTERS = int(
    given(
        "MLDTRIAL_TRAINING_AUGMENTERS", "0" if SEGMENTATION_DEVICE in DEVICES_WITHOUT_GPU else "8"
    )
)
JOB_LEASE_SECONDS = 60
JOB_HEARTBEAT_SECONDS = 15
JOB_MAX_ATTEMPTS = 3
JOB_BACKOFF_SECONDS = 30
"""Before the second attempt after a passing fault; four times as long before each further one."""
JOB_STALL_SECONDS = float(given("MLDTRIAL_JOB_STALL_SECONDS", "1800"))
"""Without any progress for so long, a job is given up and its process ended: it may hang."""
JOB_TIME_LIMIT_SECONDS = float(given("MLDTRIAL_JOB_TIME_LIMIT_SECONDS", "14400"))
"""So long one attempt may take in all."""
JOB_RING_AGAIN_SECONDS = 30
ALLOW_TEST_SEGMENTERS = False

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(given("MLDTRIAL_STATIC_ROOT", str(DATA_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "mldtrial" / "static"]

LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# A session ends after so long without a request of a person, and so long after its sign-in.
SESSION_IDLE_SECONDS = 30 * 60
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
# Wrong guesses of a password or a code that are looked at: per account, and per person who is
# asked again before a signature.
GUESS_LIMIT = 10
# Accounts that are guessed at from one client address. Guesses are not counted for it: a hospital
# stands behind one address, and ten of them would let two colleagues who mistype shut it out.
# Whoever tries one password at many names has ten names; an account that opens counts no more.
ACCOUNT_LIMIT_OF_ADDRESS = 10
GUESS_WINDOW_SECONDS = 15 * 60
LINK_LIMIT = 3  # links for a new password to one e-mail address, in the same time
LINK_LIMIT_OF_ADDRESS = 30  # and from one client address, behind which a clinic may stand
PASSWORD_RESET_TIMEOUT = 30 * 60  # how long such a link works
# Proxies in front of the web server, each of which appends to X-Forwarded-For: the address
# of a client is counted from the right, so that what the client itself sent changes nothing.
TRUSTED_PROXIES = int(given("MLDTRIAL_PROXIES", "0"))

ACCOUNT_ADAPTER = "mldtrial.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # accounts.services.guesses counts in the database
MFA_ADAPTER = "mldtrial.accounts.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # by PIN or touch: a found key opens nothing
MFA_TOTP_ISSUER = "MLD trial"
MFA_TOTP_TOLERANCE = 1  # steps of 30 s: clocks of telephones differ
MFA_RECOVERY_CODE_DIGITS = 10

# An institution's own sign-in; off unless an issuer is named.
OIDC_NAME = given("OIDC_NAME", "your institution") if given("OIDC_ISSUER") else ""
OIDC_TRUST_EMAIL = given("OIDC_TRUST_EMAIL", "0") == "1"
SOCIALACCOUNT_ADAPTER = "mldtrial.accounts.adapters.SocialAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = True  # a link: the content policy lets no form lead to another host
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": given("OIDC_CLIENT_ID"),
                "secret": given("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": given("OIDC_ISSUER")},
            }
        ]
        if OIDC_NAME
        else [],
    }
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "tmp"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)  # Django refuses a folder that is not there
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024**2
# The body of a request is gathered before its view runs, in memory up to this size: so a piece of
# a file is written to a disk only once, where it stays.
FILE_UPLOAD_MAX_MEMORY_SIZE = TRANSFER_PIECE_BYTES

# plotly adds two style sheets of its own; they are allowed by hash, and a test
# derives the hashes again from the installed wheel.
PLOTLY_STYLE_HASHES = [
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",  # empty; rules are added later
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='",  # of its map library
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", *PLOTLY_STYLE_HASHES],
        "img-src": ["'self'", "data:", "blob:"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Invitations and digests; without a server they are written to standard output.
EMAIL_HOST = given("EMAIL_HOST")
EMAIL_BACKEND = given(
    "EMAIL_BACKEND",
    f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend",
)
EMAIL_PORT = int(given("EMAIL_PORT", "587"))
EMAIL_HOST_USER = given("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = given("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = given("EMAIL_USE_TLS", "1") == "1"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = given("EMAIL_FROM", "mldtrial@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": given("MLDTRIAL_LOG_LEVEL", "INFO")},
    # The sweep rings every 15 s: a line for every bell would bury what matters.
    "loggers": {
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
