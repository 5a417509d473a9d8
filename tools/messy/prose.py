"""The words of the messy folder: notes on machine learning, each different, so that every file can be told by its text."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

TOPICS: dict[str, tuple[str, ...]] = {
    "Overfitting": (
        "A model overfits when it learns the accidents of its training set along with the pattern.",
        "The training error then keeps falling while the error on new data rises again.",
        "More data, fewer parameters and an early stop all work against it.",
        "A curve of both errors over time shows at a glance when it begins.",
    ),
    "Validation sets": (
        "A validation set is held back so that two models can be compared on data that neither has seen.",
        "Each choice that is made on it uses up a little of its worth.",
        "The test set is opened once, when every choice has been made.",
        "Data that belongs together, such as all visits of one patient, must lie on one side of the split.",
    ),
    "Gradient descent": (
        "Gradient descent moves the weights a small step against the slope of the loss.",
        "A batch of examples gives a noisy but cheap estimate of that slope.",
        "Momentum remembers earlier steps and carries the weights through narrow valleys.",
        "The loss of a healthy run falls quickly at first and slowly afterwards.",
    ),
    "Learning rates": (
        "The learning rate says how long a step is, and no other setting matters as much.",
        "Steps that are too long make the loss jump, steps that are too short waste days.",
        "A warm-up raises it from nearly nothing during the first few hundred steps.",
        "Halving it whenever the validation loss stands still is a simple schedule that works.",
    ),
    "Decision trees": (
        "A decision tree asks one question about one feature at each fork.",
        "Its leaves hold the answer that most of their training examples gave.",
        "Deep trees remember single examples, so they are cut back or grown in forests.",
        "People who must justify a decision like a tree because they can read it aloud.",
    ),
    "Random forests": (
        "A random forest averages hundreds of trees that were each grown on a sample of the rows.",
        "Every fork may choose among a few columns only, which keeps the trees unlike each other.",
        "It needs little tuning and is a strong first attempt on tables.",
        "The rows that a tree has not seen give an honest estimate of its error for free.",
    ),
    "Gradient boosting": (
        "Boosting adds small trees one after the other, each fitted to what the others still get wrong.",
        "A low shrinkage with many trees beats a high one with few.",
        "Missing values need no filling in, because each fork learns where to send them.",
        "On tables with some thousand rows it is still hard to beat.",
    ),
    "Embeddings": (
        "An embedding turns a word, a sentence or a picture into a list of numbers.",
        "Things that are used alike end up near each other.",
        "The angle between two lists is a better measure of likeness than their distance.",
        "Embeddings of one model cannot be compared with those of another.",
    ),
    "Attention": (
        "Attention lets each word of a sentence look at all the others and weigh them.",
        "The weights come from comparing a query with the keys of all positions.",
        "Its cost grows with the square of the length, which is why long texts are cut.",
        "Several heads look for several kinds of relation at once.",
    ),
    "Regularisation": (
        "Regularisation asks the weights to stay small unless the data insists.",
        "The squared penalty shrinks all weights a little, the absolute one removes some entirely.",
        "Dropout silences random units during training so that none becomes indispensable.",
        "Its strength is chosen on the validation set like any other setting.",
    ),
    "Feature engineering": (
        "A good feature states what an expert would look at first.",
        "Dates become weekdays, distances to holidays and time since the last event.",
        "Categories with thousands of values are hashed or replaced by a smoothed average.",
        "Whatever is computed from the target leaks the answer and has to go.",
    ),
    "Class imbalance": (
        "Where one case in a thousand is fraud, a model that always says no is right most of the time.",
        "Precision and recall tell what accuracy hides here.",
        "Weights in the loss are a cleaner remedy than copies of the rare rows.",
        "The threshold is chosen last, by what a missed case costs.",
    ),
    "Model monitoring": (
        "A model in service meets data that drifts away from what it was trained on.",
        "Its inputs are watched first, since their labels arrive weeks later.",
        "An alarm names the column that changed, the day and the size of the change.",
        "Retraining by the calendar is simpler than retraining by alarm, and often enough.",
    ),
    "Data cleaning": (
        "Most of the hours of a project go into finding out what the columns mean.",
        "Duplicates are removed before the split, or they stand on both sides of it.",
        "An impossible value is a message about the process that wrote it.",
        "Each rule is kept as code, so that next month's data gets the same treatment.",
    ),
    "Transfer learning": (
        "Transfer learning starts from weights that were trained on a larger and older problem.",
        "The lower layers are frozen at first because they see edges, letters or common words.",
        "A few hundred examples are then enough for a new task.",
        "It fails where the new pictures or texts look nothing like the old ones.",
    ),
    "Recommender systems": (
        "A recommender guesses what somebody will like from what similar people liked.",
        "A new product has no history, so its description must speak for it.",
        "Clicks reward loud titles; returning readers reward good ones.",
        "The list is mixed on purpose, or it shows the same thing ten times.",
    ),
    "Time series": (
        "A forecast is first compared with the value of the same day a week ago.",
        "Shuffling the rows of a time series puts the future into the training set.",
        "Holidays move, and a model that ignores them is wrong on exactly those days.",
        "An interval says more to a planner than a single number.",
    ),
    "Convolutional networks": (
        "A convolution slides the same small filter over the whole picture.",
        "Early filters find edges, later ones find wheels, windows and faces.",
        "Pooling makes the answer independent of where exactly something stands.",
        "Mirrored and cropped copies of the pictures are the cheapest training data there is.",
    ),
    "Deployment": (
        "A model that nobody can call helps nobody.",
        "The first version runs as a nightly job that writes its predictions into a table.",
        "A container holds the model, its libraries and the code that prepares the input.",
        "Shadow traffic compares the new model with the old one before a customer sees it.",
    ),
    "Probability": (
        "Probability is the arithmetic of not knowing for sure.",
        "The rule of Bayes turns the chance of the evidence into the chance of the cause.",
        "Independent events multiply; forgetting to check that they are is a classic mistake.",
        "A calibrated model is right in seven of ten cases in which it says seventy per cent.",
    ),
}  # fmt: skip
"""Each topic with sentences of our own."""

_PLACES = (
    *("Ulm", "Bergen", "Porto", "Leeds", "Tartu", "Graz", "Basel", "Turku", "Lille", "Ghent", "Brno", "Cork"),
    *("Aarhus", "Malmo", "Delft", "Trento"),
)
_PEOPLE = (
    *(
        "Amara",
        "Bruno",
        "Chiara",
        "Dmitri",
        "Elif",
        "Farid",
        "Greta",
        "Hugo",
        "Ines",
        "Jonas",
        "Keiko",
        "Lars",
    ),
    *("Mira", "Noor", "Oskar", "Priya"),
)
_SUBJECTS = (
    *("river levels", "parking tickets", "bakery orders", "hospital beds", "bus delays", "apple harvests"),
    *("library loans", "roof damage", "bird calls", "letter sorting", "wind turbines", "water meters"),
)
_ACTIONS = (
    *("dropping two leaky columns", "labelling a further batch by hand", "a slower schedule", "fewer layers"),
    *("joining the weather records", "splitting by month", "averaging five runs", "fixing the time zones"),
)
_MODELS = (
    *(
        "Ridge regression",
        "Nearest neighbours",
        "Small forest",
        "Large forest",
        "Boosted trees",
        "Plain network",
    ),
    *("Deep network", "Linear baseline"),
)


@dataclass(frozen=True, slots=True)
class Note:
    """What one file says. `sentences` are its prose, by heading; all of them can be quoted."""

    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    items: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    name: str = field(default="")

    @property
    def sentences(self) -> tuple[str, ...]:
        """All sentences of all sections, in order."""
        return tuple(sentence for _, sentences in self.sections for sentence in sentences)


def note(random_: random.Random) -> Note:
    """A note on one topic, with two sections, a list and a table. Its figures make it unlike any other."""
    topic = random_.choice(sorted(TOPICS))
    subject, place = random_.choice(_SUBJECTS), random_.choice(_PLACES)
    facts = random_.sample(TOPICS[topic], 3)
    reports = list(_reports(random_, subject, place))
    return Note(
        title=f"{topic} for {subject} in {place}",
        sections=(
            ("What it is about", (*facts[:2], reports[0])),
            (f"What {place} learnt", (reports[1], facts[2], reports[2])),
        ),
        items=tuple(
            f"{random_.choice(_PEOPLE)} checks {each} every {random_.randint(2, 28)} days"
            for each in random_.sample(_SUBJECTS, 3)
        ),
        header=("Model", "Error in per cent", "Hours of training"),
        rows=tuple(
            (model, f"{random_.uniform(2, 40):.1f}", str(random_.randint(1, 90)))
            for model in random_.sample(_MODELS, 4)
        ),
    )


def _reports(random_: random.Random, subject: str, place: str) -> Iterator[str]:
    """Three sentences with figures."""
    person, other = random_.sample(_PEOPLE, 2)
    error = random_.randint(12, 60)
    yield (
        f"In {random_.randint(2009, 2025)} the group in {place} began to predict {subject} "
        f"from {random_.randint(3, 97)} thousand rows."
    )
    yield (
        f"{person} lowered the error from {error} to {error - random_.randint(2, 9)} per cent "
        f"by {random_.choice(_ACTIONS)}."
    )
    yield (
        f"{other} keeps the {random_.randint(11, 99)} trained models for {subject} on "
        f"{random_.randint(2, 9)} machines and compares them every {random_.randint(2, 11)} weeks."
    )
