"""smoke"""
import time
def test_sign_in_page(visit, stage):
    v = visit()
    t=time.time()
    v.open("/account/sign-in/")
    print("T", time.time()-t)
    t=time.time()
    v.look()
    print("axe", time.time()-t)
    v.sign_in(stage.ngo_manager)
    print(v.page.url, v.text)
