"""Django's own sign-in by doorward, for the admin and everything else. Copy this file beside `doorward.py`.

    # wsgi.py
    application = WsgiDoorward(get_wsgi_application(), signature=SignatureVerifier({"KEYID": bytes.fromhex("KEY")}))

    # settings.py
    MIDDLEWARE = [..., "django.contrib.auth.middleware.AuthenticationMiddleware",
                  "doorward_django.DoorwardMiddleware", ...]
    AUTHENTICATION_BACKENDS = ["doorward_django.DoorwardBackend"]
    DOORWARD_STAFF_GROUP, DOORWARD_SUPERUSER_GROUP = "staff", "admins"
"""

from django.conf import settings
from django.contrib.auth.backends import RemoteUserBackend
from django.contrib.auth.middleware import RemoteUserMiddleware


class DoorwardMiddleware(RemoteUserMiddleware):
    """Signs in who doorward names, signs out who it no longer names, and keeps the account as doorward has it: who
    leaves a group loses its rights with the next request, not with the next sign-in.

    `REMOTE_USER` comes from `WsgiDoorward`, which takes it away where it is not proven. No client can set it: what a
    client sends begins with `HTTP_`."""

    def process_request(self, request):
        super().process_request(request)
        if request.user.is_authenticated and "doorward.identity" in request.META:
            follow(request.user, request.META["doorward.identity"])


class DoorwardBackend(RemoteUserBackend):
    """Makes an account for who comes for the first time, without a password."""

    create_unknown_user = True

    def configure_user(self, request, user, created=True):
        if created:
            user.set_unusable_password()
        follow(user, request.META["doorward.identity"])
        return user


def follow(user, identity):
    """Brings the account in line with the identity. Writes only when something is new."""
    first, _, last = (identity.name or "").partition(" ")
    wanted = {
        "email": identity.email or "",
        "first_name": first[:150],
        "last_name": last[:150],
        "is_staff": _is_in(identity, "DOORWARD_STAFF_GROUP"),
        "is_superuser": _is_in(identity, "DOORWARD_SUPERUSER_GROUP"),
    }
    changed = [field for field, value in wanted.items() if getattr(user, field) != value]
    for field in changed:
        setattr(user, field, wanted[field])
    if changed:
        user.save()


def _is_in(identity, setting):
    return getattr(settings, setting, None) in identity.groups
