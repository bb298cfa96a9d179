"""Jobs in the admin: how far each came, and those that failed or go on too long."""

from typing import Any

from bson import ObjectId
from django.contrib import admin
from django.contrib.admin import ShowFacets, SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from conversations.admin.listing import NewestFirst
from conversations.admin.outcomes import act_on_each
from conversations.admin.read_only import ReadOnlyAdmin
from conversations.admin.staff import may, now
from conversations.job import JobState
from conversations.models import Job
from conversations.services.jobs.cancel import cancel_job
from conversations.services.jobs.kinds import KINDS
from conversations.services.jobs.retry import can_retry, retry_job

COLOURS = {JobState.SUCCEEDED: "success", JobState.FAILED: "danger", JobState.RUNNING: "info"}

FORGOTTEN = (
    "It cannot be retried: when it ended it forgot what it was about. Who asked for it can ask "
    "again; for an erasure by DELETE /api/v1/users/{user_id}/data, or by manage.py erase_user."
)
UNDONE = frozenset({JobState.FAILED, JobState.CANCELLED})


class StateFilter(SimpleListFilter):
    """Narrows the list to one state."""

    title = "state"
    parameter_name = "state"

    def lookups(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        model_admin: Any,  # noqa: ARG002
    ) -> list[tuple[str, str]]:
        """Return the choices."""
        return [(state.value, state.value) for state in JobState]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        queryset: QuerySet[Job],
    ) -> QuerySet[Job]:
        """Return what the choice leaves."""
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.action(description="Retry what has failed", permissions=["operate"])
def retry(_: Any, request: HttpRequest, selected: QuerySet[Job]) -> None:  # noqa: ARG001
    """Queue each again; it goes on from where it came to."""

    def act(job_id: str) -> bool:
        retry_job(job_id=ObjectId(job_id), owner=None, now=now())
        return True

    act_on_each(request, request.POST.getlist(ACTION_CHECKBOX_NAME), act, done="Queued again")


@admin.action(description="Cancel", permissions=["operate"])
def cancel(_: Any, request: HttpRequest, selected: QuerySet[Job]) -> None:  # noqa: ARG001
    """Ask each to end."""

    def act(job_id: str) -> bool:
        cancel_job(job_id=ObjectId(job_id), owner=None, now=now())
        return True

    act_on_each(request, request.POST.getlist(ACTION_CHECKBOX_NAME), act, done="Cancelled, or soon")


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """The newest first, until 30 days after their end; what a job is about is not shown."""

    list_display = (
        "kind",
        "owner",
        "state_label",
        "done",
        "first_error",
        "way_on",
        "created_at",
        "pk",
    )
    list_filter = (StateFilter,)
    list_per_page = 50
    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-pk",)
    actions = (retry, cancel)
    readonly_fields = (
        "kind",
        "owner",
        "state_label",
        "done",
        "attempts",
        "all_errors",
        "created_at",
        "finished_at",
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Whoever may do more may also look."""
        return may(request, "view_job") or may(request, "change_job")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may retry and cancel."""
        return may(request, "change_job")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions, without those that no kind of job allows."""
        actions: dict[str, Any] = super().get_actions(request)
        if not any(map(can_retry, KINDS)):
            actions.pop("retry", None)
        return actions

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """Return what is shown, and what to do where a job came to nothing and is forgotten."""
        forgot = obj is not None and obj.state in UNDONE and not can_retry(obj.kind)
        about = {"description": FORGOTTEN} if forgot else {}
        return ((None, {"fields": self.readonly_fields, **about}),)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the class of the list."""
        return NewestFirst

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list, or act on what is selected in it."""
        if not all(map(ObjectId.is_valid, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    @display(description="state", label=COLOURS)  # type: ignore[untyped-decorator]  # unfold has no types
    def state_label(self, job: Job) -> str:
        """Show the state in its colour."""
        return job.state

    @admin.display(description="done")
    def done(self, job: Job) -> str:
        """Show how far it came."""
        total = job.progress["total"]
        return f"{job.progress['done']} of {'?' if total is None else total}"

    @admin.display(description="first error")
    def first_error(self, job: Job) -> str:
        """Show what went wrong first."""
        return job.errors[0]["code"] if job.errors else ""

    @admin.display(description="way on")
    def way_on(self, job: Job) -> str:
        """Show what can be done about one that has failed."""
        if job.state != JobState.FAILED:
            return ""
        return "retry" if can_retry(job.kind) else "ask for it again"

    @admin.display(description="errors")
    def all_errors(self, job: Job) -> str:
        """Show what went wrong, the first reason first."""
        return "; ".join(f"{error['code']}: {error['detail']}" for error in job.errors)
