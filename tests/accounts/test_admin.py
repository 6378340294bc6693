from typing import Any

import pytest
from django.contrib import admin

from accounts.admin import UserAdmin
from accounts.choices import LogAction
from accounts.models import AccessLog, User
from tests.accounts.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


@pytest.fixture
def request_of(rf: Any) -> Any:
    def make(user: User) -> Any:
        request = rf.post("/")
        request.user = user
        return request

    return make


@pytest.fixture
def pages() -> UserAdmin:
    return UserAdmin(User, admin.site)


class TestUserAdmin:
    def test_is_the_only_table_of_this_package(self) -> None:
        mine = {m.__name__ for m in admin.site._registry if m._meta.app_label == "accounts"}
        assert mine == {"User"}

    def test_offers_no_password_and_no_rights(self, pages: UserAdmin, request_of: Any) -> None:
        form = pages.get_form(request_of(UserFactory(is_staff=True)))
        assert set(form.base_fields) == {"is_active", "is_staff"}

    def test_opens_to_staff_only(self, pages: UserAdmin, request_of: Any) -> None:
        assert pages.has_view_permission(request_of(UserFactory(is_staff=True)))
        assert not pages.has_view_permission(request_of(UserFactory()))

    def test_lets_nobody_change_themselves_add_or_delete(
        self, pages: UserAdmin, request_of: Any
    ) -> None:
        staff, other = UserFactory(is_staff=True), UserFactory()
        request = request_of(staff)
        assert pages.has_change_permission(request, other)
        assert not pages.has_change_permission(request, staff)
        assert not pages.has_add_permission(request)
        assert not pages.has_delete_permission(request, other)

    def test_logs_a_locked_account_and_ends_its_sessions(
        self, pages: UserAdmin, request_of: Any
    ) -> None:
        staff, other = UserFactory(is_staff=True), UserFactory()
        form = pages.get_form(request_of(staff))({"is_staff": ""}, instance=other)
        assert form.is_valid()
        pages.save_model(request_of(staff), form.save(commit=False), form, change=True)
        other.refresh_from_db()
        assert (other.is_active, other.session_epoch) == (False, 1)
        row = AccessLog.objects.get(action=LogAction.ACCOUNT_LOCKED)
        assert (row.user, row.subject_uuid) == (staff, other.uuid)
