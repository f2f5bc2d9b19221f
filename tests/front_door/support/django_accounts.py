"""Accounts of a real Django: a database in memory with a user for each of its password hashers, written by its own
dumpdata to standard output. The password of all of them is the first argument.
"""

import sys

import django
from django.conf import settings

HASHERS = {
    "pbkdf2": "PBKDF2PasswordHasher",
    "pbkdf2-sha1": "PBKDF2SHA1PasswordHasher",
    "bcrypt": "BCryptPasswordHasher",
    "bcrypt-sha256": "BCryptSHA256PasswordHasher",
    "scrypt": "ScryptPasswordHasher",
    "argon2": "Argon2PasswordHasher",
}

settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}" for name in HASHERS.values()],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

import argon2  # noqa: E402
import bcrypt  # noqa: E402
from django.contrib.auth.hashers import get_hashers, make_password  # noqa: E402
from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.management import call_command  # noqa: E402

password = sys.argv[1]
call_command("migrate", verbosity=0)
editors = Group.objects.create(name="Site Editors")
wiki = Group.objects.create(name="wiki")


def add(name, hashed, **more):
    return User.objects.create(username=name, email=f"{name}@example.org", password=hashed, **more)


for name, hasher in zip(HASHERS, get_hashers()):
    user = add(name, make_password(password, hasher=hasher.algorithm), first_name="Ada", last_name="Lovelace")
    user.groups.add(wiki, editors)

# What other systems keep, without a word of Django before it.
add("plain-bcrypt", bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode())
add("php-bcrypt", bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode().replace("$2b$", "$2y$", 1))
add("plain-argon2i", argon2.PasswordHasher(type=argon2.Type.I).hash(password))

add("disabled", make_password(password), is_active=False)
add("root", make_password(password), is_staff=True, is_superuser=True)
add("unusable", make_password(None))
User.objects.create(username="no name for us", email="odd@example.org", password=make_password(password))
User.objects.create(username="md5", email="md5@example.org", password="md5$salt$5f4dcc3b5aa765d61d8327deb882cf99")

# Users before groups: a dump may stand in any order.
call_command("dumpdata", "auth.user", "auth.group")
