"""The distributions in a source's file: what each bar says, and nothing where there is nothing."""

from __future__ import annotations

from memicos_app.components.static.source_plots import density_plot, strongest_plot
from memicos_app.library.views import Histogram


def test_plots_say_what_a_bar_holds() -> None:
    density = density_plot(Histogram([-3.0, -2.0], [10, 1200]))
    assert density.words == ["fire on 0.100 %: 10 features", "fire on 1.000 %: 1,200 features"]
    assert (density.low, density.high) == ("0.100 %", "1.000 %")
    assert strongest_plot(Histogram([5.0, 15.0], [3, 1])).words[0] == "maximum near 5.00: 3 features"
    assert density_plot(Histogram([], [])).words == []
