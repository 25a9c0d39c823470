"""Answer 304 where nothing has changed since the person was sent the same answer."""

import hashlib
import json
from typing import Any

from django.http import HttpRequest
from django.views.decorators.http import condition

from mldtrial.trial import rights


def _etag(request: HttpRequest, *_: Any, **__: Any) -> str | None:
    """Return the tag of what a person would be sent for an address now.

    Roles, sites, rules and consents are records as loads are: whoever's reach has changed has
    another tag, as has everybody once anything was recorded. Arms alone are no records: what is
    narrowed to one has no tag. Nor has who asks whether there is any answer at all ("*"): only a
    tag that was sent says that the person might have it.
    """
    if request.GET.get("arm") or request.headers.get("If-None-Match", "").strip() == "*":
        return None
    said = [rights.state(), str(request.user.pk), request.get_full_path()]
    return f'"{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]}"'


unless_unchanged = condition(etag_func=_etag)
"""Decorate a view whose answer rests on tracked tables alone, and on no clock.

The number is read with the roles and before the records: what is committed in between leaves a tag
that is too old, never one that is too new. A 304 shows nothing, and is no look for the access log.
"""
