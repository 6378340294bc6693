import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from tests.accounts.factories import UserFactory, moment

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


class TestUser:
    def test_is_unique_whatever_the_case_of_the_address(self) -> None:
        UserFactory(email="Ana@Invented.example")
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user("ANA@invented.EXAMPLE", display_name="Other", at=moment())

    def test_keeps_addresses_in_lower_case_even_past_the_manager(self) -> None:
        user = UserFactory()
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=user.pk).update(email="Upper@invented.example")

    def test_is_never_a_superuser(self) -> None:
        user = UserFactory()
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=user.pk).update(is_superuser=True)
        assert not hasattr(User.objects, "create_superuser")

    def test_says_in_words_what_the_constraint_refuses(self) -> None:
        user = UserFactory()
        user.is_superuser = True
        with pytest.raises(ValidationError, match="no superusers"):
            user.full_clean()

    def test_shows_neither_name_nor_address_in_its_text(self) -> None:
        user = UserFactory(email="hidden@invented.example", display_name="Hidden Name")
        for text in (str(user), repr(user)):
            assert "hidden" not in text.lower()

    def test_is_found_for_sign_in_whatever_the_case_typed(self) -> None:
        user = UserFactory(email="ana@invented.example")
        assert User.objects.get_by_natural_key(" Ana@Invented.Example") == user

    def test_changes_its_session_hash_with_password_and_epoch(self) -> None:
        user = UserFactory()
        first = user.get_session_auth_hash()
        user.session_epoch += 1
        second = user.get_session_auth_hash()
        user.set_password("another four words entirely")
        assert len({first, second, user.get_session_auth_hash()}) == 3

    def test_accepts_sessions_signed_with_a_retired_secret_key(self, settings) -> None:
        user = UserFactory()
        before = user.get_session_auth_hash()
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "a new one for this test" * 3
        assert before != user.get_session_auth_hash()
        assert before in list(user.get_session_auth_fallback_hash())
