import pickle
from xml.etree import ElementTree

import numpy as np
import pytest

from musicai.metrics import REALISM_METRICS, Report, realism, report

from .conftest import RATE

# Six excerpts suffice for these laws. Pieces share passages because they have the same five chords.
pytestmark = [
    pytest.mark.filterwarnings("ignore:there are too few excerpts:UserWarning"),
    pytest.mark.filterwarnings("ignore:held-out music is in the training music:UserWarning"),
]

BASELINES = ("ceiling", "markov", "shuffled")


@pytest.fixture(scope="module")
def few(music, composed, more_music):
    return music[:6], composed[:6], more_music[:6]


def test_known_bad_music_ranks_below_known_good_music(
    card, music, more_music, shuffled, noise, frozen, wandering
):
    figures = card.to_dict()
    good = figures["overlap_area"]
    assert good > figures["ceiling_overlap_area"] - 0.1
    # Both totals may be 0, because one metric without overlap makes the total 0.
    assert good - 0.2 > figures["markov_overlap_area"] >= figures["shuffled_overlap_area"]
    for bad in (shuffled, noise, frozen, wandering):
        assert (
            report(music, bad[:12], more_music, timing=RATE).to_dict()["overlap_area"] < good - 0.3
        )


def test_a_seed_reproduces_every_figure(few):
    again = [report(*few, timing=RATE).to_dict() for _ in range(2)]
    assert again[0] == again[1]
    other = report(*few, random_state=1, timing=RATE).to_dict()
    assert other["markov_flux"] != again[0]["markov_flux"]
    halved = [report(*few[:2], timing=RATE).to_dict() for _ in range(2)]
    assert halved[0] == halved[1]


def test_without_a_seed_the_global_random_state_is_not_used(few):
    before = np.random.get_state()[1].copy()
    report(*few, random_state=None, timing=RATE)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_figures_are_finite_and_in_range(card):
    figures = card.to_dict()
    assert all(np.isfinite(figure) for figure in figures.values())
    for name, figure in figures.items():
        if name.endswith(("_overlap", "overlap_area", "memorization")):
            assert 0 <= figure <= 1, name
        if name.endswith(("_std", "distance")):
            assert figure >= 0, name


def test_the_dict_has_every_figure_of_every_set(card):
    figures = card.to_dict()
    for prefix in ("", *(f"{name}_" for name in BASELINES)):
        assert f"{prefix}overlap_area" in figures
        assert f"{prefix}transition_matrix_overlap" in figures
        assert f"{prefix}frechet_distance" in figures
        for metric in REALISM_METRICS:
            assert {f"{prefix}{metric}{end}" for end in ("", "_std", "_overlap")} <= set(figures)
            assert f"real_{metric}" in figures
    assert {"memorization", "real_memorization"} <= set(figures)


def test_the_total_is_the_realism_of_the_same_excerpts(card, music, composed, more_music):
    assert card.overlaps["generated"]["overlap_area"] == pytest.approx(
        realism(composed, music, timing=RATE)
    )
    assert card.overlaps["ceiling"]["overlap_area"] == pytest.approx(
        realism(more_music, music, timing=RATE)
    )


def test_the_total_is_the_geometric_mean_of_all_overlaps(card):
    for areas in card.overlaps.values():
        *each, total = areas.values()
        assert total == pytest.approx(np.prod(each) ** (1 / len(each)))
    assert card.overlaps["shuffled"]["overlap_area"] == 0 == min(card.overlaps["shuffled"].values())


def test_the_overlap_in_key_stability_depends_only_on_means(card):
    for name, areas in card.overlaps.items():
        shares = [card.values[each]["key_stability"].mean() for each in ("real", name)]
        expected = min(shares) + min(1 - share for share in shares)
        assert areas["key_stability"] == pytest.approx(expected)


def test_transposition_does_not_change_the_figures(few):
    real, composed, train = few
    moved = report(
        [np.roll(piece, 2, axis=1) for piece in real],
        [np.roll(piece, 7, axis=1) for piece in composed],
        train,
        timing=RATE,
    ).to_dict()
    for name, figure in report(*few, timing=RATE).to_dict().items():
        assert moved[name] == pytest.approx(figure, abs=1e-6), name


def test_the_order_of_pieces_does_not_matter_if_all_excerpts_are_drawn(few):
    real, composed, train = few
    first, turned = (
        report(*few, timing=RATE).to_dict(),
        report(real[::-1], composed[::-1], train, timing=RATE).to_dict(),
    )
    for name in ("overlap_area", "frechet_distance", "memorization"):
        assert turned[name] == pytest.approx(first[name])


def test_sets_are_cut_into_equally_many_excerpts_of_equal_length(few):
    real, composed, train = few
    long = [np.concatenate(real[:3]), np.concatenate(real[3:])]
    uneven = report(long, composed[:5], train, n_frames=250, timing=RATE)
    assert (uneven.n_excerpts, uneven.n_frames) == (5, 250)
    assert all(
        len(values) == 5 for metrics in uneven.values.values() for values in metrics.values()
    )
    assert report(long, composed, train, timing=RATE).n_frames == 400
    assert report(long, long, long, timing=RATE).n_frames == 646  # a minute
    assert report(*few, n_excerpts=3, timing=RATE).n_excerpts == 3


def test_the_frame_rate_determines_the_length_of_excerpts(few):
    slow = report(*few, timing=5)
    assert slow.n_frames == 300  # a minute
    assert slow.to_dict()["frame_rate"] == 5


def test_copies_are_found(few):
    real, _, train = few
    with pytest.warns(UserWarning, match="most of generated is in train .* is 1.00, that of real"):
        copied = report(
            real, [np.roll(piece, 3, axis=1) for piece in train], train, timing=RATE
        ).to_dict()
    assert copied["memorization"] == 1
    assert copied["real_memorization"] < 0.8


def said_by(card):
    """Return the notes below a card, after checking that its text and HTML have the same notes."""
    _, _, notes = " ".join(str(card).split()).partition("no more than the ceiling.")
    html = ElementTree.fromstring(card.to_html()).findall("p[@class='note']")
    assert notes.strip() == " ".join(note.text for note in html)
    return notes


def test_few_excerpts_raise_a_warning(music, composed, more_music):
    with pytest.warns(UserWarning, match="too few excerpts to judge: 9 from each set"):
        few = report(music, composed[:9], more_music, timing=RATE)
    assert "there are too few excerpts to judge" in said_by(few)
    assert "few" not in said_by(report(music, composed[:10], more_music, timing=RATE))


def test_training_music_passed_as_held_out_music_raises_a_warning(music, composed, more_music):
    with pytest.warns(UserWarning, match=r"held-out .* \(memorization of real is 1.00\): real and"):
        card = report(music, music, music, timing=RATE)
    assert "different recordings" in said_by(card)
    assert "copies" not in said_by(card)  # with real in train, copies cannot be judged


def test_composed_music_passed_as_train_raises_a_warning(music, wandering, more_music):
    with pytest.warns(UserWarning, match="than other real music has .*: was composed music pas"):
        swapped = report(music, more_music, wandering, timing=RATE)
    assert "The order of the arguments is real, generated, train." in said_by(swapped)
    assert "order" not in said_by(report(music, wandering, more_music, timing=RATE))


def test_without_train_real_music_is_halved(music, more_music):
    halved = report(music[:8], more_music[:8], timing=RATE)
    assert halved.n_excerpts == 4
    assert halved.to_dict()["ceiling_overlap_area"] > 0.3
    # The halves have no piece in common.
    flux = [set(halved.values[name]["flux"]) for name in ("real", "ceiling")]
    assert not flux[0] & flux[1]


def test_text_and_html_name_every_metric_and_show_the_total(card):
    text, html = str(card), card.to_html()
    for metric in (*REALISM_METRICS, "transition_matrix", "frechet_distance", "memorization"):
        assert metric in text
        assert metric in html
    assert max(map(len, text.splitlines())) <= 100
    total = f"{card.overlaps['generated']['overlap_area']:.2f}"
    assert "geometric mean" in text
    assert total in text
    assert f"<b>{total}</b>" in html
    assert card._repr_html_() == html
    assert f"generated={card.overlaps['generated']['overlap_area']:.3f}" in repr(card)


def test_html_is_valid_and_has_no_scripts(card):
    html = card.to_html()
    root = ElementTree.fromstring(html)  # every tag is closed
    assert root.tag == "div"
    assert root.get("class") == "musicai-report"
    assert "<script" not in html
    assert html.isascii()
    style = root.find("style").text
    rules = [rule for rule in style.replace("\n", "").split("}") if "{" in rule]
    # The style sheet affects only the card, not the rest of a page.
    assert all(".musicai-report" in rule for rule in rules)
    assert len(root.findall(".//i[@class='fill']")) == len(REALISM_METRICS) + 2


def test_a_scorecard_can_be_pickled(card):
    kept = pickle.loads(pickle.dumps(card))
    assert isinstance(kept, Report)
    assert kept.to_dict() == card.to_dict()


def test_silence_is_left_out_with_a_warning(few):
    real, composed, train = few
    with pytest.warns(UserWarning, match="2 of 8 excerpts of generated are left out.* silent"):
        some = report(
            real, [*composed, np.zeros((400, 12)), np.ones((400, 12))], train, timing=RATE
        )
    assert some.n_excerpts == 6
    resting = [np.concatenate([np.zeros((250, 12)), piece]) for piece in real]
    assert report(resting, composed, train, n_frames=250, timing=RATE).n_excerpts == 6


def test_a_chromatic_scale_has_no_key_and_is_left_out(few):
    real, composed, train = few
    row = np.tile(np.eye(12), (34, 1))[:400]
    with pytest.warns(UserWarning, match="1 of 7 excerpts of generated .* have no key"):
        card = report([*real, row], [*composed, row], [*train, row], timing=RATE)
    assert card.n_excerpts == 6
    assert all(np.isfinite(figure) for figure in card.to_dict().values())


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({"generated": 1}, "generated holds 1 excerpt of 400 frames .* where 2 or more"),
        ({"real": 1}, "real holds 1 excerpt"),
        ({"train": 1}, "train holds 1 excerpt .* It has 1 piece of up to 400 frames"),
        (
            {"real": 3, "train": None},
            "without train, real is halved by piece.* of 3 pieces one half has 2 and one 1",
        ),
    ],
)
def test_sets_with_too_few_excerpts_are_refused(sets, message, music, composed, more_music):
    given = {"real": music, "generated": composed, "train": more_music}
    for name, n_pieces in sets.items():
        given[name] = n_pieces and given[name][:n_pieces]
    with pytest.raises(ValueError, match=message):
        report(**given, timing=RATE)


def test_errors_say_what_to_do(music, composed, more_music):
    short = [piece[:100] for piece in composed]
    with pytest.raises(ValueError, match="holds 0 excerpts .* 24 pieces of .* longer pieces$"):
        report(music, short, more_music, timing=RATE)
    with pytest.raises(ValueError, match="holds 0 excerpts .* or a smaller n_frames$"):
        report(music, short, more_music, n_frames=217, timing=RATE)
    with pytest.raises(ValueError, match="n_frames=100 is too short.*pass 216 or more"):
        report(music, composed, more_music, n_frames=100, timing=RATE)
    with pytest.raises(ValueError, match="chroma cannot be negative: generated has"):
        report(music, [piece - 1 for piece in composed], more_music, timing=RATE)
    with pytest.raises(ValueError, match=r"train\[0\] has 88 features"):
        report(music, composed, [np.ones((400, 88))], timing=RATE)
    with pytest.raises(ValueError, match="n_excerpts must be None or an integer from 2, got 1"):
        report(music, composed, more_music, n_excerpts=1, timing=RATE)
    with pytest.raises(ValueError, match="timing must be a positive number"):
        report(music, composed, more_music, timing=-1)
