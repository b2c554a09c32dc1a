"""Elitist search over hard programs: mutate, keep what is not worse, sweep at a stall, restart (1+1 evolution)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from random import Random

import numpy as np

from pellucid.learners.evolve.columns import Batch, Column, Columns, Source
from pellucid.learners.evolve.genes import PREDICATES, Bank, Gene, Head, How, Member, Unit, mapped, reads, same_kind
from pellucid.learners.evolve.readouts import Alphabet, Chain, Pointer, Readout, Readouts, renumbered, variables_of

SLOTS = 8
SIZE_PRICE = 0.003  # of the labels' entropy, per live gene
RATES = (0.01, 0.03, 0.06)
STALLED = 1500
BETTER = 1e-9  # gain of the score that counts as one
PAIRS = 15_000
PAIRED = 0.25  # score below which pairs of new genes are tried
LIFT = 0.002  # gain below which going on from a local optimum is not worth it
TAKING: tuple[How, ...] = ("sum", "first", "last", "min", "max")
MOST_NEIGHBOURS = 5000  # of one kind that are looked at in a sweep
LEAST_GAIN = 0.003  # of a gene that is taken while a program grows
LONG = 12  # positions beyond which sequences count as long
GUIDANCE = 0.1  # weight of the price of a pointer that is not the best readout, on long sequences
BEAT = 250  # programs between two signs of life
POINTED = 0.25  # score below which a pointer is made a plain head at once
PREVIOUS = -1  # number of the previous output as a variable
KEPT = 8_000  # columns in memory


@dataclass(frozen=True)
class Base:
    """What every program may read: sources, by their place in `Batch.values`, and whether the previous output too."""

    sources: tuple[tuple[int, Source], ...]
    previous: bool

    @property
    def count(self) -> int:
        """How many base variables there are."""
        return len(self.sources)

    @property
    def kinds(self) -> list[str]:
        """Their kinds."""
        return [source.kind for _, source in self.sources]


@dataclass(frozen=True)
class Scored:
    """A program with its score: genes, readout over variable numbers (base first, then genes), price."""

    genes: tuple[Gene, ...]
    readout: Readout
    score: float
    fit: float
    live: tuple[int, ...]
    pointer: Pointer | None = None


class Searcher:
    """The search of one seed on one batch (which may grow)."""

    def __init__(
        self,
        batch: Batch,
        alphabet: Alphabet,
        bank: Bank,
        base: Base,
        seed: int,
        told: Callable[[int, float], None] = lambda effort, fit: None,
    ) -> None:
        self.alphabet, self.bank, self.base = alphabet, bank, base
        self.rng = Random(seed)
        self.effort, self.fit, self.told = 0, 1.0, told
        self.use(batch)

    def use(self, batch: Batch) -> None:
        """Search on this batch from now on."""
        self.batch = batch
        columns = base_columns(batch, self.base, self.bank.ordered)
        self.columns = Columns(batch, self.bank.symbols, columns)
        previous = None
        if self.base.previous:
            previous = self.columns.add(previous_column(batch, self.alphabet))
        self.readouts = Readouts(self.columns, batch.labels, self.alphabet, previous)
        self.previous = previous
        self.kinds = [c.kind for c in columns]
        # On long sequences the first genes of a long program gain nothing by themselves beside a table; a pointer,
        # which looks at single keys, still sees what they do.
        self.long = batch.width > LONG and self.readouts.copying

    # ------------------------------------------------------------ scoring

    def score(self, genes: tuple[Gene, ...]) -> Scored:
        """Price of a program: its best readout's, as a share of the labels' entropy, plus its size."""
        self.effort += 1
        if self.effort % BEAT == 0:
            self.told(self.effort, self.fit)
        known = self.columns.of(genes)
        distinct: dict[int, int] = {}
        for number, index in enumerate(known):
            if index is not None:
                distinct.setdefault(index, number)
        if self.previous is not None:
            distinct.setdefault(self.previous, PREVIOUS)
        price, readout, pointed, pointer = self.readouts.best(tuple(sorted(distinct)))
        guide = pointer if pointed < price else None
        roots = variables_of(guide or readout)
        live = live_genes(genes, [distinct[v] for v in roots], len(self.kinds))
        entropy = self.readouts.entropy
        hint = GUIDANCE * min(pointed / entropy, 1.0) if self.long and pointed < np.inf else 0.0
        return Scored(
            genes,
            renumbered(readout, distinct),
            hint + min(price, pointed) / entropy + SIZE_PRICE * sum(complexity(genes[slot]) for slot in live),
            price / entropy,
            live,
            renumbered(guide, distinct) if guide else None,  # pyright: ignore[reportArgumentType]
        )

    def kinds_of(self, genes: Sequence[Gene]) -> list[str]:
        """Kinds of the base variables and the genes; "" for a dead one."""
        return ["" if k is None else self.columns.found[k].kind for k in self.columns.of(genes)]

    # ------------------------------------------------------------ moves

    def filled(self, genes: Sequence[Gene]) -> tuple[Gene, ...]:
        """The genes with random ones behind them up to the usual number: material for later moves."""
        genes = list(genes)
        while len(genes) < SLOTS:
            genes.append(self.bank.draw(self.rng, self.kinds_of(genes)))
        return tuple(genes)

    def child(self, parent: tuple[Gene, ...]) -> tuple[Gene, ...]:
        """A mutant: some genes varied or drawn anew, or one copied to a later slot with one field changed."""
        rng, genes = self.rng, list(parent)
        kinds, base = self.kinds_of(genes), len(self.kinds)
        rate = rng.choice(RATES)
        changed = False
        while not changed:
            for slot in range(len(genes)):
                if rng.random() < rate:
                    here = kinds[: base + slot]
                    fresh = rng.random() < 0.25
                    genes[slot] = self.bank.draw(rng, here) if fresh else self.bank.varied(genes[slot], rng, here)
                    changed = True
            if rng.random() < 0.3:
                source = rng.randrange(len(genes) - 1)
                slot = rng.randrange(source + 1, len(genes))
                genes[slot] = self.bank.varied(genes[source], rng, kinds[: base + slot])
                changed = True
        return tuple(genes)

    def completed(self, current: Scored) -> Scored:
        """The best program with a plain head in place of the pointer, `current` where none is better."""
        if current.pointer is None:
            return current
        genes, numbers = only_live(current.genes, current.live, len(self.kinds))
        query, key = numbers[current.pointer.query], numbers[current.pointer.key]
        kinds, best = self.kinds_of(genes), current
        for head in self.bank.heads_between(query, key, kinds, range(len(kinds))):
            best = min(best, self.score((*genes, head)), key=lambda s: s.score)
        return replace(best, genes=self.filled(best.genes))

    def grown(self, choices: int, enough: float) -> Scored:
        """A program built gene by gene, each one of the best few that add something (GRASP, Feo & Resende 1995).

        choices: of how many. enough: share of the score that is gained by the plainer kinds of gene, beyond which the
        others are not looked at; with one, growth ends where pairs of genes are worth a look.
        """
        current = self.score(())
        while len(current.live) < SLOTS - 2 and current.score > LEAST_GAIN + SIZE_PRICE * len(current.live):
            if current.pointer is not None and current.score < POINTED:
                done = self.completed(current)
                if done.score < current.score - LEAST_GAIN:
                    return done
            if enough and current.live and current.score < PAIRED:
                break
            genes, _ = only_live(current.genes, current.live, len(self.kinds))
            better: dict[float, Scored] = {}
            for programs in self._tiers(genes, self.kinds_of(genes)):
                scored = self._scored_once(programs)
                better |= {round(s.score, 6): s for s in scored if s.score < current.score - LEAST_GAIN}
                if better and min(better) < (1 - enough) * current.score:
                    break
            if not better:
                break
            current = better[self.rng.choice(sorted(better)[:choices])]
        return replace(current, genes=self.filled(current.genes))

    def swept(self, current: Scored) -> Scored:
        """The best program one changed field, or a gene or two more, away: the plainest kinds of gene first."""
        genes, _ = only_live(current.genes, current.live, len(self.kinds))
        return self._first_better(current, *self._tiers(genes, self.kinds_of(genes)))

    def _tiers(self, genes: tuple[Gene, ...], kinds: list[str]) -> Iterator[list[tuple[Gene, ...]]]:
        """Neighbours of a program in groups, the plainest first; of a large group a random part."""
        values = range(len(kinds))
        self._tidy()
        counting = ((*genes, gene) for gene in self.bank.heads_over(kinds, values, ("count", "any")))
        compared = self._compared() if not genes else ()
        yield self._some(chain(self._changed(genes, kinds), counting, compared, self._masked(genes, kinds)))
        yield self._some((*genes, *pair) for pair in self.bank.ranks_over(kinds, values))
        yield self._some((*genes, *pair) for pair in self.bank.members_over(kinds, values, len(kinds)))
        yield self._some((*genes, gene) for gene in self.bank.units_over(kinds, values))
        yield self._some((*genes, gene) for gene in self.bank.heads_over(kinds, values, TAKING))

    def _some(self, programs: Iterable[tuple[Gene, ...]]) -> list[tuple[Gene, ...]]:
        found = list(programs)
        return found if len(found) <= MOST_NEIGHBOURS else self.rng.sample(found, MOST_NEIGHBOURS)

    def simpler(self, current: Scored) -> Scored:
        """A simpler program for one that is right: a field changed, two fields of a gene, or one gene for several."""
        genes, _ = only_live(current.genes, current.live, len(self.kinds))
        kinds = self.kinds_of(genes)
        values = range(len(kinds))
        return self._first_better(
            current,
            self._changed(genes, kinds),
            self._changed_twice(genes, kinds),
            ((*genes, gene) for gene in self.bank.heads_over(kinds, values, ("count", "any"))),
            ((*genes, gene) for gene in self.bank.units_over(kinds, values)),
            self._masked(genes, kinds),
            self._compared(),
        )

    def _compared(self) -> Iterable[tuple[Gene, ...]]:
        """Programs that compare two counts, for classifiers: that is what votes come down to."""
        return (
            () if self.batch.tagging else self.bank.compared_over(self.kinds, range(len(self.kinds)), len(self.kinds))
        )

    def _first_better(self, current: Scored, *tiers: Iterable[tuple[Gene, ...]]) -> Scored:
        """The best program of the first tier that has a better one."""
        for programs in tiers:
            best = min(self._scored_once(programs), key=lambda s: s.score, default=current)
            if best.score < current.score - 1e-6:
                return replace(best, genes=self.filled(best.genes))
        return current

    def _changed(self, genes: tuple[Gene, ...], kinds: list[str]) -> Iterator[tuple[Gene, ...]]:
        """Programs with one field of one gene changed, in place or in a copy of it at the end."""
        for slot, gene in enumerate(genes):
            here = len(self.kinds) + slot
            for other in self.bank.variants(gene, kinds, range(len(kinds))):
                if all(v < here for v in reads(other)):
                    yield (*genes[:slot], other, *genes[slot + 1 :])
                yield (*genes, other)

    def _masked(self, genes: tuple[Gene, ...], kinds: list[str]) -> Iterator[tuple[Gene, ...]]:
        """Programs with a new flag, and a copy of a head that leaves out the keys with it, or those without."""
        heads = [gene for gene in genes if isinstance(gene, Head)]
        known, flags = set(self.columns.of(genes)), {}
        for flag in self.bank.heads_over(kinds, range(len(kinds)), ("any",)) if heads else ():
            index = self.columns.of((*genes, flag))[-1]
            if index is not None and index not in known:
                flags.setdefault(index, flag)
        for flag, head, negated in product(flags.values(), heads, (False, True)):
            yield (*genes, flag, replace(head, mask=len(kinds), negated=negated))

    def _changed_twice(self, genes: tuple[Gene, ...], kinds: list[str]) -> Iterator[tuple[Gene, ...]]:
        """Programs with two fields of one gene changed in place."""
        for slot, gene in enumerate(genes):
            earlier = range(len(self.kinds) + slot)
            for one in self.bank.variants(gene, kinds, earlier):
                for two in self.bank.variants(one, kinds, earlier):
                    yield (*genes[:slot], two, *genes[slot + 1 :])

    def _scored_once(self, programs: Iterable[tuple[Gene, ...]]) -> Iterator[Scored]:
        """Scores of programs, each set of columns once."""
        done = set()
        for program in programs:
            columns = frozenset(self.columns.of(program))
            if columns not in done and len(program) <= SLOTS:
                done.add(columns)
                yield self.score(program)

    def paired(self, current: Scored, most: int) -> Scored:
        """The best program with two more genes: a varied live one, and a head that compares it with something.

        Pairs are priced by what the second gene adds to the present readout; only the best are scored in full.
        """
        genes, _ = only_live(current.genes, current.live, len(self.kinds))
        if len(genes) + 2 > SLOTS + 2:
            return current
        kinds = self.kinds_of(genes)
        values = range(len(kinds))
        known = set(self.columns.of(genes))
        firsts: dict[int, Gene] = {}
        for gene in genes:
            for other in self.bank.variants(gene, kinds, values):
                index = self.columns.of((*genes, other))[-1]
                if index is not None and index not in known:
                    firsts.setdefault(index, other)
        pairs = [(first, gene) for first in firsts.items() for gene in self._second(kinds, first[0])]
        self.rng.shuffle(pairs)
        now = self.columns.of(current.genes)
        table = (self.previous if v == PREVIOUS else now[v] for v in _first(current.readout))
        first_table = tuple(sorted(v for v in table if v is not None))
        beside = [i for i in dict.fromkeys((*self.columns.base, *self.columns.of(genes))) if i is not None]
        best: list[tuple[float, tuple[Gene, ...]]] = []
        done: dict[int, float] = {}
        for (_, one), two in pairs[:most]:
            index = self.columns.of((*genes, one, two))[-1]
            if index is None or index in known or index in done:
                continue
            done[index] = price = min(
                [self.readouts.chain(first_table, (index,))]
                + [self.readouts.chain(first_table, (index, other)) for other in beside]
            )
            best.append((price, (*genes, one, two)))
        self.effort += len(done) // 3
        best.sort(key=lambda pair: pair[0])
        found = current
        for _, program in best[:20]:
            found = min(found, self.score(program), key=lambda s: s.score)
        return replace(found, genes=self.filled(found.genes)) if found is not current else current

    def _second(self, kinds: list[str], first: int) -> Iterator[Head]:
        """Heads that compare the variable to be added first (column `first`) with one of its kind, or mask by it."""
        kind, number = self.columns.found[first].kind, len(kinds)
        partners = [*same_kind([*kinds, kind], number)]
        tokens = [v for v, k in enumerate(kinds) if k == "token"]
        takes = [(how, v) for how in ("first", "last") for v in tokens] + [("count", 0), ("any", 0)]
        for partner in partners:
            for query, key in {(number, partner), (partner, number)}:
                for predicate, reach in product(PREDICATES[1:], self.bank.reaches):
                    yield from (Head(query, key, predicate, reach, None, False, how, v) for how, v in takes)  # pyright: ignore[reportArgumentType]

    def _tidy(self) -> None:
        """Forget the columns worked out so far when they take too much memory."""
        if len(self.columns.found) > KEPT:
            self.use(self.batch)

    def climb(self, current: Scored, limit: int, enough: Callable[[Scored], bool]) -> Scored:
        """Mutate until nothing better was found for a while, the effort is spent, or the program is good enough."""
        tried: set[tuple] = set()
        stalled = 0
        while stalled < STALLED and self.effort < limit:
            self._tidy()
            candidate = self.score(self.child(current.genes))
            if candidate.score > current.score:
                stalled += 1
                continue
            better = candidate.score < current.score - BETTER
            stalled, current, self.fit = 0 if better else stalled + 1, candidate, candidate.fit
            if better:
                current = self._pointed_out(current, tried)
                if enough(current):
                    break
        return current

    def _pointed_out(self, found: Scored, tried: set[tuple]) -> Scored:
        """A good program with a plain head in place of its pointer; tried: pointers that were looked at."""
        if found.pointer is None or found.score >= POINTED:
            return found
        place = tuple(self.columns.of(found.genes)[v] for v in variables_of(found.pointer))
        if place in tried:
            return found
        tried.add(place)
        return self.completed(found)

    def lifted(self, current: Scored) -> Scored:
        """The best program that pairs or a sweep find from a local optimum; `current` where none is clearly better."""
        clearly = current.score - max(1e-6, min(LIFT, 0.05 * current.fit))
        found = self.completed(current)
        if found.score > clearly and current.score < PAIRED:
            found = min(found, self.paired(current, PAIRS), key=lambda s: s.score)
        if found.score > clearly:
            found = min(found, self.swept(current), key=lambda s: s.score)
        return found if found.score < clearly else current


def _first(readout: Readout) -> tuple[int, ...]:
    """Variables of the table that a longer chain would start with."""
    if isinstance(readout, Chain):
        return readout.first
    return variables_of(readout)[:2]


def only_live(genes: Sequence[Gene], live: Sequence[int], base: int) -> tuple[tuple[Gene, ...], dict[int, int]]:
    """The live genes alone, and their new variable numbers by old ones."""
    numbers = {v: v for v in range(base)} | {PREVIOUS: PREVIOUS}
    kept = []
    for slot in live:
        numbers[base + slot] = base + len(kept)
        full = [numbers.get(v, 0) for v in range(base + slot)]
        kept.append(mapped(genes[slot], full))
    return tuple(kept), numbers


def complexity(gene: Gene) -> float:
    """Size of a gene beside a plain one (1): what a reader has to take in."""
    match gene:
        case Head():
            odd = gene.predicate != "true" and gene.query != gene.key
            return (
                0.8
                + 0.1 * (gene.predicate != "true")
                + 0.1 * odd
                + 0.3 * (gene.mask is not None)
                + 0.05 * (gene.predicate in ("<e", ">e", "!="))
                + 0.05 * (gene.reach not in ("any", "upto"))
                + 0.05 * (gene.how in ("sum", "min", "max"))
            )
        case Unit():
            return 0.8 + 0.1 * (gene.right is not None) + 0.1 * (gene.op in ("//", "%", "*"))
        case Member():
            return 0.7 + 0.02 * len(gene.among)
    return 1.0


def merged(programs: Sequence[Sequence[Gene]], base: int) -> tuple[Gene, ...]:
    """The genes of several programs one after the other."""
    genes: list[Gene] = []
    for program in programs:
        shift = len(genes)
        numbers = [*range(base), *range(base + shift, base + shift + len(program))]
        genes += [mapped(gene, numbers) for gene in program]
    return tuple(genes)


def live_genes(genes: Sequence[Gene], roots: Sequence[int], base: int) -> tuple[int, ...]:
    """Indices of the genes that the variables `roots` depend on."""
    live, stack = set(), [r for r in roots if r >= base]
    while stack:
        slot = stack.pop() - base
        if slot not in live:
            live.add(slot)
            stack += [r for r in reads(genes[slot]) if r >= base]
    return tuple(sorted(live))


def base_columns(batch: Batch, base: Base, ordered: bool) -> list[Column]:
    """Columns of what every program may read."""
    return [Column(batch.values[i], source.kind, source.kind == "token" and not ordered) for i, source in base.sources]


def previous_column(batch: Batch, alphabet: Alphabet) -> Column:
    """The output before each position; the alphabet's `start` at the first and where it is not known."""
    before = np.vstack([np.full((1, len(batch)), -1), batch.labels[:-1]])
    return Column(np.where(batch.valid, np.where(before < 0, alphabet.start, before), 0).astype(np.int16), "label")
