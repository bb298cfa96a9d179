"""Pages of the admin for what is in no table of the ORM: a form, and what came of sending it."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from conversations.admin.read_only import ReadOnlyAdmin
from conversations.admin.staff import may


class PlainPage(ReadOnlyAdmin):
    """One page in the place of a list; its model gives it a name and two permissions.

    `view` lets staff see it, `change` see it and act.
    """

    page_template: ClassVar[str]

    def content(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the template shows."""
        raise NotImplementedError

    def act(self, request: HttpRequest) -> None:
        """Do what the form asks for, and tell by messages what came of it."""
        raise NotImplementedError

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: Any = None,  # noqa: ARG002  # Django's signature
    ) -> HttpResponse:
        """Show the page, or act and show it again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            if not self.may_act(request):
                raise PermissionDenied
            self.act(request)
            return HttpResponseRedirect(request.get_full_path())
        context = {
            **self.admin_site.each_context(request),
            "title": str(self.opts.verbose_name_plural).capitalize(),
            "opts": self.opts,
            "may_act": self.may_act(request),
            **self.content(request),
        }
        return TemplateResponse(request, self.page_template, context)

    def get_urls(self) -> list[Any]:
        """Return the page alone: there is no object that could have one."""
        return [url for url in super().get_urls() if str(url.name).endswith("_changelist")]

    def may_act(self, request: HttpRequest) -> bool:
        """Whether the form may be sent."""
        return may(request, f"change_{self.opts.model_name}")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Whoever may act may also look."""
        return may(request, f"view_{self.opts.model_name}") or self.may_act(request)
