"""What plugins hang on a post: grids that somebody answers for, and disputes that a mediator was named for."""

from plugins.grid.models import GridWorker
from plugins.mediation.models import Mediator
from portal.accounts.models import Post, Role, User
from portal.accounts.work import full, open_work
from tests.grid.door import draw, staff
from tests.mediation import door
from tests.people_of_the_county import VILLAGE, unit


def post_of(name: str) -> Post:
    return full(Post.select().join(User).where(User.name == name).order_by(Post.id).get().id)


def end(admin, name: str):
    post = post_of(name)
    return admin.post(f"/accounts/users/{post.user_id}/posts/{post.id}/end", follow=True)


def test_a_grid_goes_to_a_successor_before_the_post_of_its_worker_ends(sign_in):
    shuji, admin = sign_in("shuji"), sign_in("xitong")
    grid = draw(shuji)
    staff(shuji, grid, account="wangge")
    end(admin, "wangge")
    assert "第一网格" in admin.text and post_of("wangge").state_title == "有效"
    admin.submit(admin.form(["to"]), to=str(post_of("shuji").id))
    assert "岗位已结束" in admin.text
    old, new = GridWorker.select().order_by(GridWorker.id)
    assert old.until is not None and (new.name, new.user.name, new.role) == ("张国强", "shuji", old.role)


def test_a_grid_that_nobody_takes_over_is_on_the_list_of_those(sign_in):
    shuji, admin = sign_in("shuji"), sign_in("xitong")
    staff(shuji, draw(shuji), account="wangge")
    end(admin, "wangge")
    admin.submit(admin.form(["to"]), to="unit")
    assert "第一网格" in shuji.open("/grid/grids?staffed=no").text or "第一网格" in shuji.open("/grid/?staffed=no").text


def test_a_mediator_who_was_named_is_replaced_in_the_case_before_the_post_ends(sign_in):
    shuji, mediator, admin = sign_in("shuji"), sign_in("tiaojie"), sign_in("xitong")
    committee = door.committee(shuji)
    Mediator.update(user=post_of("tiaojie").user_id).where(Mediator.name == "唐世容").execute()
    chosen = door.mediators("唐世容", of=committee)
    case = door.go(mediator, door.register(mediator), "accept", "name", mediators=chosen)
    assert [work.title for _, work in open_work(post_of("tiaojie"))] == [
        f"{case.number}（纠纷）", f"{case.number}的调解员"]
    end(admin, "tiaojie")
    admin.submit(admin.form(["to"]), to="unit")
    assert admin.status == 422 and "更换调解员" in admin.text and post_of("tiaojie").state_title == "有效"
    door.step(mediator, case, "rename", mediators=door.mediators("谢朝富", of=committee), chosen_by="committee")
    end(admin, "tiaojie")
    admin.submit(admin.form(["to"]), to="unit")
    assert "岗位已结束" in admin.text


def test_who_holds_another_post_there_goes_on_answering_for_the_grid(sign_in):
    shuji = sign_in("shuji")
    staff(shuji, draw(shuji), account="wangge")
    user = User.get(User.name == "wangge")
    Post.create(user=user, unit=unit(VILLAGE), role=Role.get(Role.slug == "village_staff"), title="主任")
    assert open_work(post_of("wangge")) == []
