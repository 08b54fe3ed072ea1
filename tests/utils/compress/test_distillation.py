"""Distillation against torch's own divergence, closed forms and loops; controls; and what is refused, in one sentence."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from utils.compress.distillation import (
    agreement,
    attention_map,
    distil,
    feature_loss,
    from_teacher,
    kd_loss,
    pseudo_label,
    relational_loss,
    shuffled_teacher,
)
from utils.data import Images
from utils.train import TrainConfig, fit

STUDENT, TEACHER = torch.randn(2, 6, 10, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(6)

some_logits = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(2, 7)), elements=st.floats(-50, 50))
temperatures = st.floats(0.25, 20)


def net(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 10))


def images(count=64):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(count, 1, 4, 4, generator=generator)
    return Images(x, torch.randint(10, (count,), generator=generator), tuple("abcdefghij"))


def two(drawn):
    """A student's and a teacher's logits, and labels, from one array: of the rows and of the rows turned."""
    student = torch.from_numpy(drawn)
    return student, student.flip(1) * 0.7 + 0.3, torch.arange(len(drawn)) % drawn.shape[1]


# kd_loss


def test_without_teacher_it_is_cross_entropy():
    assert torch.equal(kd_loss(STUDENT, TEACHER, LABELS, 3.0, alpha=0.0), F.cross_entropy(STUDENT, LABELS))


def test_soft_part_is_the_divergence_summed_by_hand():
    p, q = (TEACHER / 3).softmax(1), (STUDENT / 3).softmax(1)
    by_hand = 9 * (p * (p / q).log()).sum(1).mean()
    torch.testing.assert_close(kd_loss(STUDENT, TEACHER, LABELS, 3.0, alpha=1.0), by_hand)


@given(some_logits, temperatures, st.floats(0, 1))
def test_it_is_what_torch_says_of_divergence_and_cross_entropy(drawn, temperature, alpha):
    student, teacher, labels = two(drawn)
    divergence = F.kl_div((student / temperature).log_softmax(1), (teacher / temperature).softmax(1), reduction="batchmean")
    expected = alpha * temperature**2 * divergence + (1 - alpha) * F.cross_entropy(student, labels)
    torch.testing.assert_close(kd_loss(student, teacher, labels, temperature, alpha), expected)


@given(some_logits, temperatures, st.floats(0, 1))
def test_its_gradient_is_a_difference_of_probabilities(drawn, temperature, alpha):
    student, teacher, labels = two(drawn)
    student.requires_grad_()
    kd_loss(student, teacher, labels, temperature, alpha).backward()
    soft = temperature * ((student / temperature).softmax(1) - (teacher / temperature).softmax(1))
    hard = student.softmax(1) - F.one_hot(labels, student.shape[1])
    torch.testing.assert_close(student.grad, (alpha * soft + (1 - alpha) * hard).detach() / len(student))


@given(some_logits, temperatures)
def test_equal_logits_cost_nothing_and_others_cost_something(drawn, temperature):
    student, teacher, labels = two(drawn)
    assert kd_loss(teacher, teacher, labels, temperature, alpha=1.0).item() == pytest.approx(0, abs=1e-9)
    assert kd_loss(student, teacher, labels, temperature, alpha=1.0).item() >= -1e-9


def test_a_high_temperature_compares_the_logits_themselves():
    """Hinton et al., section 2.1: for T far above the logits the loss is half the squared difference of centred logits, by class.

    The logits are float32, in which the divergence itself would be lost.
    """
    centred = [logits.double() - logits.double().mean(1, keepdim=True) for logits in (STUDENT, TEACHER)]
    expected = (centred[0] - centred[1]).square().mean(1).mean() / 2
    found = kd_loss(STUDENT, TEACHER, LABELS, temperature=1e3, alpha=1.0)
    torch.testing.assert_close(found, expected.float(), rtol=1e-3, atol=0)
    assert torch.isfinite(kd_loss(STUDENT, TEACHER, LABELS, temperature=1e-3))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_loss_has_the_students_precision(dtype):
    for alpha in (0.5, 1.0):
        assert kd_loss(STUDENT.to(dtype), TEACHER, LABELS, 4.0, alpha).dtype == dtype


def test_huge_logits_neither_overflow_nor_lose_their_order():
    student, teacher = 1e4 * STUDENT, 1e4 * TEACHER
    value = kd_loss(student, teacher, LABELS, 2.0, 0.5)
    assert math.isfinite(value.item())
    assert kd_loss(teacher, teacher, LABELS, 2.0, 1.0) < kd_loss(student, teacher, LABELS, 2.0, 1.0)


def test_where_the_teacher_says_all_the_labels_are_not_looked_at():
    unknown = torch.full((6,), -1)
    assert torch.equal(kd_loss(STUDENT, TEACHER, unknown, 4.0, alpha=1.0), kd_loss(STUDENT, TEACHER, LABELS, 4.0, alpha=1.0))


def test_teacher_gets_no_gradient():
    teacher, student = TEACHER.clone().requires_grad_(), STUDENT.clone().requires_grad_()
    kd_loss(student, teacher, LABELS).backward()
    assert teacher.grad is None and student.grad is not None


# feature_loss


def test_features_are_compared_after_the_projector():
    student, teacher, matrix = torch.randn(5, 3), torch.randn(5, 4), torch.randn(3, 4)
    by_hand = sum((student[i] @ matrix - teacher[i]).square().sum() for i in range(5)) / 20
    torch.testing.assert_close(feature_loss(student, teacher, lambda x: x @ matrix), by_hand)


def test_the_projector_learns_and_the_teacher_does_not():
    projector, feat, target = (
        torch.nn.Conv2d(3, 6, 1),
        torch.randn(2, 3, 5, 5, requires_grad=True),
        torch.randn(2, 6, 5, 5).requires_grad_(),
    )
    feature_loss(feat, target, projector).backward()
    assert projector.weight.grad.abs().sum() > 0 and feat.grad.abs().sum() > 0 and target.grad is None


# relational_loss


def slow_relational(student, teacher):
    """Pair by pair, as the paper writes it."""

    def distances(embeddings):
        pairs = [math.dist(a, b) for a, b in itertools.combinations(embeddings.tolist(), 2)]
        mean = sum(pairs) / len(pairs)
        return [pair / mean if mean else 0.0 for pair in pairs]

    total = 0.0
    pairs = list(zip(distances(student), distances(teacher), strict=True))
    for a, b in pairs:
        off = abs(a - b)
        total += off**2 / 2 if off <= 1 else off - 0.5
    return total / len(pairs)


embeddings = st.integers(2, 6).flatmap(
    lambda n: st.tuples(*(arrays(np.float64, (n, width), elements=st.integers(-20, 20).map(float)) for width in (3, 5)))
)


@given(embeddings)
def test_relational_loss_is_the_slow_one(drawn):
    student, teacher = map(torch.from_numpy, drawn)
    assert relational_loss(student, teacher).item() == pytest.approx(slow_relational(student, teacher), abs=1e-12)


@given(embeddings, st.floats(0.01, 100))
def test_scale_place_and_width_of_the_space_do_not_matter(drawn, scale):
    student, teacher = map(torch.from_numpy, drawn)
    moved = torch.cat([scale * student + 7, torch.zeros(len(student), 2)], 1)
    torch.testing.assert_close(relational_loss(moved, teacher), relational_loss(student, teacher), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("unit", [1e-25, 1e-5, 1.0, 1e5, 1e20])
def test_distances_in_any_unit_are_the_same_to_it(unit):
    """Also where float32 can't hold their squares, and in half precision."""
    torch.testing.assert_close(relational_loss(unit * STUDENT, TEACHER), relational_loss(STUDENT, TEACHER))
    torch.testing.assert_close(relational_loss(STUDENT, unit * TEACHER), relational_loss(STUDENT, TEACHER))
    half = relational_loss(STUDENT.half(), TEACHER.half())
    torch.testing.assert_close(half, relational_loss(STUDENT, TEACHER).half(), rtol=1e-2, atol=0)


@given(embeddings)
def test_equal_embeddings_give_finite_gradients(drawn):
    student, teacher = map(torch.from_numpy, drawn)
    for collapsed in (student, student[:1].repeat(len(student), 1), torch.cat([student[:1], student[:-1]])):
        collapsed = collapsed.clone().requires_grad_()
        relational_loss(collapsed, teacher).backward()
        assert torch.isfinite(collapsed.grad).all()


def test_relational_gradient_agrees_with_finite_differences():
    student, teacher = torch.randn(2, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    assert torch.autograd.gradcheck(lambda x: relational_loss(x, teacher), student.clone().requires_grad_())


def test_relational_teacher_gets_no_gradient():
    teacher, student = torch.randn(2, 5, 4).unbind()
    teacher, student = teacher.clone().requires_grad_(), student.clone().requires_grad_()
    relational_loss(student, teacher).backward()
    assert teacher.grad is None and student.grad is not None


# attention_map


def test_attention_is_the_energy_of_each_place():
    feat = torch.randn(3, 4, 2, 5)
    for at in range(3):
        energy = torch.tensor([[sum(feat[at, c, i, j] ** 2 for c in range(4)) for j in range(5)] for i in range(2)]).flatten()
        torch.testing.assert_close(attention_map(feat)[at], energy / energy.norm())


@pytest.mark.parametrize("unit", [1e-30, 1e-7, 1e10, 1e30])
def test_attention_has_length_1_in_any_unit(unit):
    """And a gradient that is that of the definition."""
    feat = torch.randn(3, 4, 2, 5, generator=torch.Generator().manual_seed(2)) * torch.tensor([1.0, 1e-3, 1e3]).view(3, 1, 1, 1)
    torch.testing.assert_close(attention_map(unit * feat), attention_map(feat))
    torch.testing.assert_close(attention_map(unit * feat).norm(dim=1), torch.ones(3))
    assert torch.autograd.gradcheck(attention_map, feat.double().requires_grad_())


def test_an_image_of_zeros_has_an_attention_of_zeros_and_a_finite_gradient():
    feat = torch.zeros(2, 3, 4, 4, requires_grad=True)
    attention_map(feat).sum().backward()
    assert attention_map(feat).count_nonzero() == 0 and torch.isfinite(feat.grad).all()


# labels and controls


@given(some_logits, st.floats(0.05, 1))
def test_pseudo_labels_by_hand(drawn, threshold):
    labels, keep = pseudo_label(torch.from_numpy(drawn), threshold)
    assert labels.dtype == torch.int64 and keep.dtype == torch.bool
    for row, label, kept in zip(drawn, labels.tolist(), keep.tolist(), strict=True):
        confidence = 1 / np.exp(row - row[label]).sum()
        assert row[label] == row.max()
        assert kept == (confidence >= threshold) or confidence == pytest.approx(threshold)


def test_a_confidence_equal_to_the_threshold_is_kept():
    assert pseudo_label(torch.zeros(2, 4), 0.25)[1].tolist() == [True, True]
    assert pseudo_label(torch.tensor([[0.0, 500.0]]), 1.0)[1].tolist() == [True]


def test_agreement_counts_equal_first_choices():
    assert agreement(TEACHER, 3 * TEACHER + 1) == 1.0
    assert agreement(TEACHER, -TEACHER) == 0.0
    half = torch.where(torch.arange(6)[:, None] < 3, TEACHER, -TEACHER)
    assert agreement(half, TEACHER) == 0.5


@given(some_logits, st.integers(0, 2**32))
def test_the_shuffled_teacher_is_as_sure_of_the_same_class(drawn, seed):
    logits = torch.from_numpy(drawn)
    found = shuffled_teacher(logits, torch.Generator().manual_seed(seed))
    first = logits.argmax(1, keepdim=True)
    assert torch.equal(found.gather(1, first), logits.gather(1, first))
    assert torch.equal(found.sort(1).values, logits.sort(1).values)  # hence the same softmax of the first, at any temperature


def test_the_shuffled_teacher_deals_each_image_its_own_order_without_preference():
    logits = torch.tensor([5.0, 3.0, 2.0, 1.0, 0.0]).repeat(4000, 1)
    found = shuffled_teacher(logits, torch.Generator().manual_seed(0))
    assert found[:, 1:].mean(0).tolist() == pytest.approx([1.5] * 4, abs=0.1)
    assert len(found.unique(dim=0)) == 24


def test_the_shuffled_teacher_follows_its_generator_alone():
    before = torch.random.get_rng_state()
    one, other, third = (shuffled_teacher(TEACHER, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, other) and not torch.equal(one, third)
    assert torch.equal(torch.random.get_rng_state(), before)


# in the training loop


def test_training_leaves_the_teacher_alone():
    teacher, student = net(0), net(1)
    kept = {name: value.clone() for name, value in teacher.state_dict().items()}
    from_teacher(teacher)(student, torch.randn(6, 1, 4, 4), LABELS).backward()
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert all(torch.equal(value, kept[name]) for name, value in teacher.state_dict().items())
    assert student[1].weight.grad is not None


class Moody(torch.nn.Module):
    """In training mode it answers something else."""

    def __init__(self):
        super().__init__()
        self.inner = net(0)

    def forward(self, x):
        return -self.inner(x) if self.training else self.inner(x)


def test_the_teacher_is_a_copy_in_evaluation_mode():
    """Does the loss stay what it was when the model that taught is trained on, and is that model's mode left alone?"""
    teacher, student, x = Moody().train(), net(1), torch.randn(6, 1, 4, 4)
    loss = from_teacher(teacher, 3.0, 0.6)
    expected = kd_loss(student(x), net(0)(x), LABELS, 3.0, 0.6)
    assert teacher.training and torch.equal(loss(student, x, LABELS), expected)
    teacher.inner[1].weight.data.zero_()
    assert torch.equal(loss(student, x, LABELS), expected)


def test_the_loss_of_the_loop_is_kd_loss():
    teacher, student, x = net(0), net(1), torch.randn(6, 1, 4, 4)
    assert torch.equal(from_teacher(teacher, 3.0, 0.6)(student, x, LABELS), kd_loss(student(x), teacher(x), LABELS, 3.0, 0.6))


def test_shuffling_follows_the_seed_and_the_batch_alone():
    teacher, student, x = net(0), net(1), torch.randn(6, 1, 4, 4)
    plain, one, other = (from_teacher(teacher, shuffle=shuffle, seed=seed) for shuffle, seed in ((False, 0), (True, 0), (True, 7)))
    first = one(student, x, LABELS)
    assert torch.equal(first, one(student, x, LABELS)) and torch.equal(first, from_teacher(teacher, shuffle=True)(student, x, LABELS))
    assert len({first.item(), other(student, x, LABELS).item(), plain(student, x, LABELS).item(), one(student, x, LABELS + 1).item()}) == 4
    dealt = from_teacher(teacher, alpha=1.0, shuffle=True)  # labels reach this loss by the dealing alone
    assert dealt(student, x, LABELS) != dealt(student, x, LABELS + 1)


def test_distil_is_fit_with_the_teachers_loss():
    teacher, data, config = net(0), images(), TrainConfig(epochs=2, lr=0.05, batch_size=16, augment=False)
    by_verb, by_hand = net(1), net(1)
    history = distil(by_verb, teacher, data, config, 3.0, 0.8, validation=data)
    fit(by_hand, data, config, loss=from_teacher(teacher, 3.0, 0.8))
    assert torch.equal(by_verb[1].weight, by_hand[1].weight)
    assert len(history.accuracy) == 2


def test_distil_deals_by_the_seed_of_its_configuration():
    teacher, data, config = net(0), images(), TrainConfig(epochs=1, batch_size=16, augment=False, seed=7)
    by_verb, by_hand = net(1), net(1)
    distil(by_verb, teacher, data, config, shuffle=True)
    fit(by_hand, data, config, loss=from_teacher(teacher, shuffle=True, seed=7))
    assert torch.equal(by_verb[1].weight, by_hand[1].weight)


def test_distil_hands_on_what_fit_takes(tmp_path):
    """Each step is told, each epoch too, and a state is left to go on from."""
    shares, epochs, state = [], [], tmp_path / "state"
    config = TrainConfig(epochs=2, batch_size=16, augment=False)
    student = net(1)
    distil(
        student,
        net(0),
        images(),
        config,
        after_step=shares.append,
        on_epoch=lambda epoch, history: epochs.append(epoch),
        resume=state,
    )
    assert shares == [step / 8 for step in range(1, 9)] and epochs == [1, 2]
    again = net(2)
    distil(again, net(0), images(), config, resume=state)
    assert torch.equal(again[1].weight, student[1].weight)


def test_a_student_comes_to_agree_with_its_teacher():
    teacher, student, data = net(0), net(1), images(400)
    before = agreement(student(data.images), teacher(data.images))
    distil(student, teacher, data, TrainConfig(epochs=10, lr=0.5, batch_size=50, augment=False), alpha=1.0)
    assert agreement(student(data.images), teacher(data.images)) > max(0.8, before)


def test_a_student_that_diverges_is_reported_by_the_loop():
    config = TrainConfig(epochs=3, lr=1e30, batch_size=16, augment=False)
    with pytest.raises(FloatingPointError, match="lower lr"):
        distil(net(1), net(0), images(), config)


# what is refused


@pytest.mark.parametrize("temperature", [0.0, -1.0, 1e-4, 1e4, math.inf, math.nan])
def test_impossible_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match=r"temperature must lie in \[0\.001, 1000\]"):
        kd_loss(STUDENT, TEACHER, LABELS, temperature, 0.5)
    with pytest.raises(ValueError, match=r"temperature must lie in \[0\.001, 1000\]"):
        from_teacher(net(), temperature)


@pytest.mark.parametrize("alpha", [1.5, -0.1, math.nan])
def test_impossible_shares_are_refused(alpha):
    with pytest.raises(ValueError, match=r"alpha must lie in \[0, 1\]"):
        kd_loss(STUDENT, TEACHER, LABELS, 2.0, alpha)


@pytest.mark.parametrize("threshold", [0.0, -0.5, 1.01, 90, math.nan])
def test_impossible_thresholds_are_refused(threshold):
    with pytest.raises(ValueError, match=r"threshold must lie in \(0, 1\]"):
        pseudo_label(TEACHER, threshold)


def nan(like):
    return like.index_fill(0, torch.tensor([1]), math.nan)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: kd_loss(STUDENT, TEACHER[:, :9], LABELS), "must have one shape"),
        (lambda: kd_loss(STUDENT[:5], TEACHER, LABELS[:5]), "must have one shape"),
        (lambda: kd_loss(STUDENT, TEACHER, LABELS[:5]), r"labels must be \(6,\)"),
        (lambda: kd_loss(STUDENT, TEACHER, LABELS[:, None]), r"labels must be \(6,\)"),
        (lambda: kd_loss(STUDENT, TEACHER, LABELS.float()), r"int64, .* torch\.float32"),
        (lambda: kd_loss(STUDENT, TEACHER, LABELS.int()), r"int64, .* torch\.int32"),
        (lambda: kd_loss(STUDENT, TEACHER, LABELS - 100), r"labels must lie in 0\.\.9, got -100 to -95"),
        (lambda: kd_loss(STUDENT, TEACHER, LABELS + 5), r"labels must lie in 0\.\.9, got 5 to 10"),
        (lambda: kd_loss(STUDENT[0], TEACHER[0], LABELS), r"\(n, classes\) with two classes or more"),
        (lambda: kd_loss(STUDENT[:0], TEACHER[:0], LABELS[:0]), "no images"),
        (lambda: kd_loss(nan(STUDENT), TEACHER, LABELS), "student's logits hold NaN"),
        (lambda: kd_loss(STUDENT, nan(TEACHER), LABELS), "teacher's logits hold NaN"),
        (lambda: feature_loss(STUDENT, TEACHER, lambda x: x[:, :9]), "features, projected, must have one shape"),
        (lambda: feature_loss(STUDENT[:1], TEACHER, lambda x: x), "features, projected, must have one shape"),
        (lambda: feature_loss(STUDENT[:0], TEACHER[:0], lambda x: x), "no features"),
        (lambda: relational_loss(STUDENT, TEACHER[:5]), "of the same images"),
        (lambda: relational_loss(STUDENT[:1], TEACHER[:1]), "n >= 2"),
        (lambda: relational_loss(STUDENT[:0], TEACHER[:0]), "n >= 2"),
        (lambda: relational_loss(nan(STUDENT), TEACHER), "student's embeddings hold NaN"),
        (lambda: relational_loss(STUDENT, nan(TEACHER)), "teacher's embeddings hold NaN"),
        (lambda: attention_map(STUDENT), r"\(n, channels, height, width\)"),
        (lambda: pseudo_label(TEACHER[:0], 0.9), "no images"),
        (lambda: pseudo_label(nan(TEACHER), 0.9), "teacher's logits hold NaN"),
        (lambda: agreement(STUDENT, TEACHER[:, :9]), "must have one shape"),
        (lambda: agreement(STUDENT[:0], TEACHER[:0]), "no images"),
        (lambda: agreement(nan(STUDENT), TEACHER), "student's logits hold NaN"),
        (lambda: shuffled_teacher(TEACHER[0], torch.Generator()), r"\(n, classes\)"),
        (lambda: shuffled_teacher(nan(TEACHER), torch.Generator()), "teacher's logits hold NaN"),
        (lambda: distil(net(1), net(0), images(64)[:0], TrainConfig(epochs=1)), "at least one epoch, one input"),
        (lambda: distil(net(1), net(0), images(), TrainConfig(epochs=1), temperature=0), "temperature must lie"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(call, said):
    with pytest.raises(ValueError, match=said) as refused:
        call()
    assert "\n" not in str(refused.value)


@settings(max_examples=25)
@given(some_logits, st.integers(0, 3))
def test_nothing_writes_into_what_it_is_given(drawn, seed):
    student, teacher, labels = two(drawn)
    kept = student.clone(), teacher.clone(), labels.clone()
    kd_loss(student, teacher, labels)
    pseudo_label(teacher, 0.5)
    agreement(student, teacher)
    shuffled_teacher(teacher, torch.Generator().manual_seed(seed))
    assert all(torch.equal(now, before) for now, before in zip((student, teacher, labels), kept, strict=True))
