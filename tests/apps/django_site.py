"""A new Django site with its admin behind doorward. `python django_site.py PORT KEYID KEY FOLDER`"""

import sys
from pathlib import Path
from wsgiref.simple_server import make_server

sys.path.insert(0, str(Path(__file__).parents[2] / "examples/verifiers/python"))

import django
from django.conf import settings
from doorward import SignatureVerifier, WsgiDoorward

port, keyid, key, folder = sys.argv[1:]
settings.configure(
    SECRET_KEY="x" * 50,
    ALLOWED_HOSTS=["wiki.localhost", "127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/db.sqlite3"}},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "doorward_django.DoorwardMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    AUTHENTICATION_BACKENDS=["doorward_django.DoorwardBackend"],
    DOORWARD_STAFF_GROUP="staff",
    DOORWARD_SUPERUSER_GROUP="admins",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="static/",
)
django.setup()

from django.contrib import admin  # after setup
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
call_command("migrate", verbosity=0)
application = WsgiDoorward(get_wsgi_application(), signature=SignatureVerifier({keyid: bytes.fromhex(key)}))
make_server("127.0.0.1", int(port), application).serve_forever()
