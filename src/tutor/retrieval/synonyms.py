"""Words that mean the same to a learner: abbreviations and their long forms, everyday words and the sources' own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tutor.index.terms import terms

Weight = Callable[[str], float]

_GROUPS = (
    ("ml", "machine learning"), ("dl", "deep learning"), ("rl", "reinforcement learning"), ("mle", "machine learning engineer"),
    ("ai", "artificial intelligence"), ("nlp", "natural language processing"), ("cv", "computer vision"),
    ("llm", "large language model"), ("rag", "retrieval augmented generation"), ("genai", "generative ai"),
    ("maths", "mathematics", "math", "mathematical"), ("stats", "statistics", "statistical"), ("cs", "computer science"),
    ("salary", "earn", "pay", "paid", "income", "wage", "lpa"), ("job", "hire", "role", "career"), ("uni", "university"),
    ("usa", "united states", "america"), ("gcp", "google cloud"), ("aws", "amazon web services"), ("eda", "exploratory data analysis"),
    ("svm", "support vector machine"), ("pca", "principal component analysis"), ("knn", "nearest neighbour"),
    ("cnn", "convolutional neural network"), ("rnn", "recurrent neural network"), ("mdp", "markov decision process"),
    ("nn", "neural network"), ("lstm", "long short term memory"), ("gan", "generative adversarial network"),
    ("sgd", "stochastic gradient descent"), ("gbm", "gradient boosting"), ("rf", "random forest"), ("gmm", "gaussian mixture model"),
    ("hmm", "hidden markov model"), ("svd", "singular value decomposition"), ("kl", "kullback leibler"), ("hpo", "hyperparameter optimisation"),
    ("mse", "mean squared error"), ("mae", "mean absolute error"), ("rmse", "root mean squared error"), ("auc", "area under curve"),
    ("roc", "receiver operating characteristic"), ("etl", "extract transform load"), ("mlops", "machine learning operations"),
    ("api", "application programming interface"), ("gpu", "graphics processing unit"), ("cpu", "central processing unit"),
    ("vm", "virtual machine"), ("faq", "frequently asked questions"), ("uk", "united kingdom"),
    ("beginner", "starter", "newcomer", "scratch", "entry level"), ("advice", "recommend", "advise"), ("course", "class", "mooc"),
    ("tool", "library", "framework", "technology"), ("cost", "price"), ("author", "wrote", "written"), ("become", "becoming"), ("cicd", "ci cd"), ("degree", "diploma"),
    ("algorithm", "algo"), ("industry", "sector"), ("tip", "advice"), ("role", "title"), ("healthcare", "hospital", "medicine", "medical"),
    ("monitor", "watch"), ("beginner", "newbie"), ("platform", "website"), ("employer", "company", "firm"), ("training", "train"),
    ("visualisation", "plot", "chart"), ("requirement", "prerequisite"), ("dataset", "data"), ("study", "learn"),
)  # fmt: skip


_AMBIGUOUS = frozenset({"cv", "mle"})  # a résumé or cross-validation; an estimate


def _equivalents() -> dict[str, tuple[frozenset[str], ...]]:
    """For a single term, the other forms of its groups, each as the set of its terms."""
    table: dict[str, tuple[frozenset[str], ...]] = {}
    for forms in _FORMS:
        for form in forms:
            if len(form) == 1:
                (term,) = form
                table[term] = (*table.get(term, ()), *(other for other in forms if other != form))
    return table


def _abbreviations() -> tuple[tuple[frozenset[str], str], ...]:
    """Each long form, as the set of its terms, with a single term for it."""
    return tuple(
        (form, term)
        for forms in _FORMS
        for form in forms
        if len(form) > 1
        for other in forms
        if len(other) == 1
        for term in other - _AMBIGUOUS
    )


_FORMS = tuple([frozenset(terms(form)) for form in group] for group in _GROUPS)
_EQUIVALENT = _equivalents()
_ABBREVIATIONS = _abbreviations()


def is_present(term: str, present: frozenset[str]) -> bool:
    """Whether a term, its long form, its abbreviation or its synonym is among the terms of a text."""
    return term in present or any(other <= present for other in _EQUIVALENT.get(term, ()))


def term_cover(wanted: Sequence[str], present: frozenset[str], weight: Weight) -> float:
    """The share of the wanted terms that are present, weighted by idf; 0 if nothing is wanted."""
    total = sum(weight(term) for term in wanted)
    return sum(weight(term) for term in wanted if is_present(term, present)) / total if total else 0.0


def is_known(term: str, frequency: Callable[[str], int]) -> bool:
    """Whether an index holds a term or another form of it."""
    return frequency(term) > 0 or any(all(map(frequency, other)) for other in _EQUIVALENT.get(term, ()))


def expand(query_terms: Iterable[str], frequency: Callable[[str], int]) -> list[str]:
    """The terms of a query, with the other forms of those that an index does not hold, and with abbreviations that it holds."""
    asked = list(query_terms)
    expanded: list[str] = []
    for term in asked:
        expanded.append(term)
        if not frequency(term):
            expanded.extend(sorted(frozenset().union(*_EQUIVALENT.get(term, ()))))
    present = frozenset(asked)
    short = dict.fromkeys(term for form, term in _ABBREVIATIONS if form <= present)
    return expanded + [term for term in short if frequency(term) and term not in expanded]
