from rest_framework.views import APIView
class Organisations(APIView):
    pass
class OrganisationDetail(APIView):
    pass
