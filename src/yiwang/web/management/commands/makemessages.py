"""`django-admin makemessages`, taught our short name for text that is translated later."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Extract what pages say; `_l` is `gettext_lazy`."""

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=_l"]
