"""Three courses made of the chapters: one lecture, one week, one term."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Course:
    """A course.

    Attributes:
        title: Its name.
        unit: What its parts are called.
        aim: One sentence.
        sessions: For each part the files, without ending, of the chapters it covers.
    """

    title: str
    unit: str
    aim: str
    sessions: tuple[tuple[str, ...], ...]


COURSES = (
    Course(
        "One lecture",
        "part",
        "The listeners see what restoration is, how it is scored, and what damages a picture.",
        (("00-restore-in-two-minutes",), ("01-error-and-protocol",), ("02-degradations",)),
    ),
    Course(
        "One week",
        "day",
        "At its end everyone has taken three networks apart, trained a small one, and knows what "
        "a full training takes.",
        (
            ("00-restore-in-two-minutes", "01-error-and-protocol"),
            ("02-degradations", "03-data-and-task-mixing"),
            ("04-restormer", "05-promptir"),
            ("06-nafnet", "07-quality-prompts"),
            ("17-instructir", "19-full-training"),
        ),
    ),
    Course(
        "One term",
        "week",
        "The whole field: foundations, ten networks, what a reproduction can show, and work of "
        "one's own.",
        (
            ("00-restore-in-two-minutes", "01-error-and-protocol"),
            ("02-degradations", "03-data-and-task-mixing"),
            ("appendix-shapes-and-attention", "04-restormer", "05-promptir"),
            ("06-nafnet",),
            ("appendix-pocket-clip", "07-quality-prompts"),
            ("08-degradation-code", "appendix-pocket-dino", "09-semantic-guidance"),
            ("appendix-pocket-vgg", "10-quality-losses"),
            ("11-perceive-ir", "failure-gallery-1"),
            ("12-airnet", "13-dppd"),
            ("14-am-promptir", "15-dfpir"),
            ("16-pivpnet", "17-instructir"),
            ("18-shoot-out", "failure-gallery-2", "19-full-training"),
            ("20-main-tables", "21-ablations"),
            ("22-beyond-the-training-set", "23-backbones-and-cost"),
            ("24-your-own-photographs", "25-ideas-to-try"),
        ),
    ),
)
