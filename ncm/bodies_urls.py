"""The pages of bodies, meetings, agenda items and resolutions."""

from django.urls import URLPattern, path

from ncm.views import agenda, bodies, body_acts, meeting_acts, meetings, participation, resolutions

patterns: list[URLPattern] = [
    path("bodies/", bodies.bodies, name="bodies"),
    path("bodies/new/", body_acts.new, name="body-new"),
    path("bodies/<uuid:uuid>/", bodies.body, name="body"),
    path("bodies/<uuid:uuid>/do/<str:name>/", body_acts.act, name="body-act"),
    path("bodies/<uuid:uuid>/submit/", agenda.submit, name="agenda-new"),
    path("bodies/<uuid:uuid>/files/<uuid:file>/", bodies.file, name="body-file"),
    path("seats/<uuid:uuid>/do/<str:name>/", body_acts.seat_act, name="seat-act"),
    path("meetings/", meetings.meetings, name="meetings"),
    path("meetings/<uuid:uuid>/", meetings.meeting, name="meeting"),
    path("meetings/<uuid:uuid>/do/<str:name>/", meeting_acts.act, name="meeting-act"),
    path("meetings/<uuid:uuid>/minutes/", meetings.minutes, name="minutes"),
    path("meetings/<uuid:uuid>/minutes/build/", meetings.build, name="minutes-build"),
    path("meetings/<uuid:uuid>/files/<str:name>/", meetings.file, name="meeting-file"),
    path("agenda/", agenda.items, name="agenda-items"),
    path("agenda/<uuid:uuid>/", agenda.item, name="agenda-item"),
    path("agenda/<uuid:uuid>/do/<str:name>/", agenda.act, name="agenda-item-act"),
    path("papers/<uuid:uuid>/", agenda.paper, name="paper"),
    path("motions/<uuid:uuid>/do/<str:name>/", meeting_acts.motion_act, name="motion-act"),
    path("resolutions/", resolutions.resolutions, name="resolutions"),
    path("resolutions/<uuid:uuid>/", resolutions.resolution, name="resolution"),
    path("participation/", participation.participation, name="participation"),
    path("participation/<str:ending>/", participation.take, name="participation-file"),
]
