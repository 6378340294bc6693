import accounts.append_only
import common.sealing
import common.squash
import datetime
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('accounts', '0001_initial'), ('accounts', '0002_access_log_append_only'), ('accounts', '0003_import_logged'), ('accounts', '0004_locks'), ('accounts', '0005_address_opened')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        common.squash.CreateModels(
            models=[migrations.CreateModel(
                name='AccessLogHead',
                fields=[
                    ('shard', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                    ('seq', models.PositiveBigIntegerField(default=0)),
                    ('hash', models.CharField(max_length=64)),
                ],
                options={
                    'verbose_name': 'head of the access log',
                    'verbose_name_plural': 'heads of the access log',
                },
            ), migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('email', models.EmailField(error_messages={'unique': 'Somebody already signs in with this address.'}, max_length=254, unique=True, verbose_name='e-mail address')),
                    ('display_name', models.CharField(max_length=120, verbose_name='name')),
                    ('language', models.CharField(blank=True, help_text='Empty: as the browser asks.', max_length=12, verbose_name='language')),
                    ('time_zone', models.CharField(blank=True, help_text="Empty: the country's own.", max_length=64, verbose_name='time zone')),
                    ('is_active', models.BooleanField(default=True, verbose_name='may sign in')),
                    ('is_staff', models.BooleanField(default=False, verbose_name='may open the administration pages')),
                    ('joined_at', models.DateTimeField(editable=False, verbose_name='joined')),
                    ('session_epoch', models.PositiveIntegerField(default=0, editable=False)),
                    ('data_key', common.sealing.WrappedKeyField(null=True, verbose_name='data key')),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                    ('locked_until_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ],
                options={
                    'verbose_name': 'person with a sign-in',
                    'verbose_name_plural': 'people with a sign-in',
                    'constraints': [models.CheckConstraint(condition=models.Q(('is_superuser', False)), name='user_never_superuser', violation_error_message='Nobody passes every check: there are no superusers.'), models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower(models.F('email')))), name='user_email_lower_case', violation_error_message='An address is kept in lower case.')],
                },
            ), migrations.CreateModel(
                name='AccessLog',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('shard', models.PositiveSmallIntegerField()),
                    ('seq', models.PositiveBigIntegerField()),
                    ('version', models.PositiveSmallIntegerField(default=1)),
                    ('at', models.DateTimeField(db_index=True)),
                    ('membership_uuid', models.UUIDField(blank=True, null=True)),
                    ('organisation_uuid', models.UUIDField(blank=True, null=True)),
                    ('system', models.CharField(blank=True, max_length=40)),
                    ('action', models.CharField(choices=[('identity_opened', 'Identity opened'), ('identity_searched', 'Looked for a person by name or document'), ('file_opened', 'File opened'), ('address_opened', 'Address of a confidential place opened'), ('export', 'Export made'), ('import', 'History imported'), ('break_glass', 'Emergency access'), ('compelled_disclosure', 'Disclosure under legal compulsion'), ('erasure', 'Data key destroyed'), ('invitation_sent', 'Invitation sent'), ('invitation_accepted', 'Invitation accepted'), ('invitation_revoked', 'Invitation withdrawn'), ('session_ended_by_other', 'Session ended by somebody else'), ('factor_added', 'Second factor added'), ('factor_removed', 'Second factor removed'), ('factor_reset', 'Second factor reset for another person'), ('password_changed', 'Password changed'), ('account_locked', 'Account locked'), ('account_unlocked', 'Account unlocked'), ('token_issued', 'API token issued'), ('token_revoked', 'API token revoked')], max_length=40)),
                    ('subject_kind', models.CharField(blank=True, max_length=40)),
                    ('subject_uuid', models.UUIDField(blank=True, null=True)),
                    ('field_group', models.CharField(blank=True, max_length=40)),
                    ('reason_code', models.CharField(blank=True, max_length=60)),
                    ('purpose', models.CharField(blank=True, max_length=60)),
                    ('request_id', models.CharField(blank=True, max_length=64)),
                    ('ip', models.CharField(blank=True, max_length=45)),
                    ('previous_hash', models.CharField(max_length=64)),
                    ('hash', models.CharField(max_length=64, unique=True)),
                    ('user', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='access_log', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'access log entry',
                    'verbose_name_plural': 'access log entries',
                    'constraints': [models.UniqueConstraint(fields=('shard', 'seq'), name='accesslog_one_per_place', violation_error_message='Each place in the log is taken once.'), models.CheckConstraint(condition=models.Q(('user__isnull', False), models.Q(('system', ''), _negated=True), _connector='OR'), name='accesslog_has_actor', violation_error_message='An entry names a person or a part of the system.')],
                    'indexes': [models.Index(fields=['subject_kind', 'subject_uuid', 'at'], name='accesslog_by_subject'), models.Index(fields=['organisation_uuid', 'at'], name='accesslog_by_organisation'), models.Index(fields=['user', 'at'], name='accesslog_by_user')],
                },
            ), migrations.CreateModel(
                name='ApiToken',
                fields=[
                    ('digest', models.CharField(max_length=128, primary_key=True, serialize=False)),
                    ('token_key', models.CharField(db_index=True, max_length=25)),
                    ('created', models.DateTimeField(auto_now_add=True)),
                    ('expiry', models.DateTimeField(blank=True, null=True)),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('membership_uuid', models.UUIDField(db_index=True)),
                    ('name', models.CharField(max_length=120, verbose_name='what it is for')),
                    ('scopes', models.JSONField(default=list)),
                    ('issued_at', models.DateTimeField(verbose_name='issued')),
                    ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='last used')),
                    ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                    ('revoked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tokens_revoked', to=settings.AUTH_USER_MODEL)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_token_set', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'API token',
                    'verbose_name_plural': 'API tokens',
                    'constraints': [models.CheckConstraint(condition=models.Q(('expiry__isnull', False), ('expiry__lte', django.db.models.expressions.CombinedExpression(models.F('issued_at'), '+', models.Value(datetime.timedelta(days=90))))), name='apitoken_expires', violation_error_message='A token runs out within 90 days.')],
                },
            ), migrations.CreateModel(
                name='FactorReset',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('asked_at', models.DateTimeField()),
                    ('agreed_at', models.DateTimeField(blank=True, null=True)),
                    ('due_at', models.DateTimeField(blank=True, null=True)),
                    ('stopped_at', models.DateTimeField(blank=True, null=True)),
                    ('done_at', models.DateTimeField(blank=True, null=True)),
                    ('agreed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='resets_agreed', to=settings.AUTH_USER_MODEL)),
                    ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='resets_asked', to=settings.AUTH_USER_MODEL)),
                    ('stopped_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='resets_stopped', to=settings.AUTH_USER_MODEL)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='factor_resets', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'reset of a second factor',
                    'verbose_name_plural': 'resets of second factors',
                    'constraints': [models.UniqueConstraint(condition=models.Q(('done_at', None), ('stopped_at', None)), fields=('user',), name='factorreset_one_open', violation_error_message='A reset is under way already.'), models.CheckConstraint(condition=models.Q(models.Q(('asked_by', models.F('user')), _negated=True), models.Q(('agreed_by', None), models.Q(models.Q(('agreed_by', models.F('user')), _negated=True), models.Q(('agreed_by', models.F('asked_by')), _negated=True)), _connector='OR')), name='factorreset_three_people', violation_error_message='Two other people reset a second factor.'), models.CheckConstraint(condition=models.Q(models.Q(('agreed_at', None), ('agreed_by', None), ('due_at', None)), models.Q(('agreed_at__isnull', False), ('agreed_by__isnull', False), ('due_at__gt', models.F('agreed_at'))), _connector='OR'), name='factorreset_agreed_before_due', violation_error_message='A reset runs from when the second person agreed.'), models.CheckConstraint(condition=models.Q(('done_at', None), models.Q(('done_at__gte', models.F('due_at')), ('stopped_at', None)), _connector='OR'), name='factorreset_done_when_due', violation_error_message='A reset is carried out when it is due.')],
                },
            ), migrations.CreateModel(
                name='Invitation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('email', models.EmailField(max_length=254, verbose_name='e-mail address')),
                    ('kind', models.CharField(max_length=40, verbose_name='invited to')),
                    ('subject_uuid', models.UUIDField(blank=True, null=True)),
                    ('role', models.CharField(blank=True, max_length=40)),
                    ('token_hash', models.CharField(editable=False, max_length=64, unique=True)),
                    ('invited_at', models.DateTimeField(verbose_name='invited')),
                    ('expires_at', models.DateTimeField(verbose_name='runs out')),
                    ('accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='accepted')),
                    ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                    ('accepted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invitations_accepted', to=settings.AUTH_USER_MODEL)),
                    ('invited_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invitations_sent', to=settings.AUTH_USER_MODEL)),
                    ('revoked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invitations_revoked', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'invitation',
                    'verbose_name_plural': 'invitations',
                    'constraints': [models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('invited_at'))), name='invitation_runs_out_later', violation_error_message='An invitation runs out after it was sent.'), models.CheckConstraint(condition=models.Q(models.Q(('accepted_at', None), ('accepted_by', None)), models.Q(('accepted_at__isnull', False), ('accepted_by__isnull', False)), _connector='OR'), name='invitation_accepted_by_somebody', violation_error_message='An accepted invitation names who accepted it.'), models.CheckConstraint(condition=models.Q(('accepted_at', None), ('revoked_at', None), _connector='OR'), name='invitation_one_ending', violation_error_message='An invitation is accepted or withdrawn, not both.'), models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower(models.F('email')))), name='invitation_email_lower_case', violation_error_message='An address is kept in lower case.')],
                    'indexes': [models.Index(fields=['kind', 'subject_uuid', '-invited_at'], name='invitation_by_subject')],
                },
            ), migrations.CreateModel(
                name='KeptForm',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('path', models.CharField(max_length=500)),
                    ('fields_ct', models.BinaryField()),
                    ('saved_at', models.DateTimeField(db_index=True)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='kept_forms', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'kept form',
                    'verbose_name_plural': 'kept forms',
                    'constraints': [models.UniqueConstraint(fields=('user', 'path'), name='keptform_one_per_page', violation_error_message='One page keeps one set of answers.')],
                },
            ), migrations.CreateModel(
                name='UsedCode',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('step', models.BigIntegerField()),
                    ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='used_code', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'used one-time code',
                    'verbose_name_plural': 'used one-time codes',
                },
            ), migrations.CreateModel(
                name='AccountLock',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('reason', models.CharField(choices=[('lost_device', 'A phone, computer or key was lost or stolen'), ('strange_use', 'The account was used in a way nobody can explain'), ('password_known', 'Somebody else may know the password'), ('pressure', 'The person may be under pressure from somebody'), ('cannot_be_reached', 'The person cannot be reached and was to stop')], max_length=20, verbose_name='reason')),
                    ('locked_at', models.DateTimeField()),
                    ('until_at', models.DateTimeField()),
                    ('extended_at', models.DateTimeField(blank=True, null=True)),
                    ('lifted_at', models.DateTimeField(blank=True, null=True)),
                    ('extended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='locks_extended', to=settings.AUTH_USER_MODEL)),
                    ('lifted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='locks_lifted', to=settings.AUTH_USER_MODEL)),
                    ('locked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='locks_made', to=settings.AUTH_USER_MODEL)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='locks', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'lock of an account',
                    'verbose_name_plural': 'locks of accounts',
                    'constraints': [models.UniqueConstraint(fields=('user', 'locked_at'), name='accountlock_once_at_a_time', violation_error_message='This account is locked already.'), models.CheckConstraint(condition=models.Q(('reason__in', ['lost_device', 'strange_use', 'password_known', 'pressure', 'cannot_be_reached'])), name='accountlock_reason_known', violation_error_message='Choose a reason of the list.'), models.CheckConstraint(condition=models.Q(('until_at__gt', models.F('locked_at')), models.Q(models.Q(('extended_by', None), ('until_at__lte', django.db.models.expressions.CombinedExpression(models.F('locked_at'), '+', models.Value(datetime.timedelta(days=3))))), models.Q(('extended_by__isnull', False), ('until_at__lte', django.db.models.expressions.CombinedExpression(models.F('locked_at'), '+', models.Value(datetime.timedelta(days=6))))), _connector='OR')), name='accountlock_ends_within_72_hours', violation_error_message='One person locks an account for at most 72 hours.'), models.CheckConstraint(condition=models.Q(models.Q(('extended_at', None), ('extended_by', None)), models.Q(('extended_at__isnull', False), models.Q(('extended_by', models.F('locked_by')), _negated=True), models.Q(('extended_by', models.F('user')), _negated=True)), _connector='OR'), name='accountlock_extended_by_a_second_person', violation_error_message='Somebody else extends a lock.'), models.CheckConstraint(condition=models.Q(models.Q(('locked_by', models.F('user')), _negated=True), models.Q(('lifted_by', None), models.Q(('lifted_by', models.F('user')), _negated=True), _connector='OR')), name='accountlock_by_somebody_else', violation_error_message='Nobody locks or unlocks their own account.'), models.CheckConstraint(condition=models.Q(models.Q(('lifted_at', None), ('lifted_by', None)), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False)), _connector='OR'), name='accountlock_lifted_by_somebody')],
                    'indexes': [models.Index(fields=['user', '-locked_at'], name='accountlock_of_user')],
                },
            )],
        ),
        migrations.RunPython(
            code=accounts.append_only.install,
            reverse_code=accounts.append_only.remove,
        ),
    ]
