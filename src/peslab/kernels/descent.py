"""Descent along the forces: the fast inertial relaxation engine, FIRE (Bitzek et al. 2006)."""

import math
from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.compilation import (
    CONFIGURATIONS,
    INTEGER,
    INTEGERS,
    NOTHING,
    NUMBER,
    NUMBERS,
    Axes,
    kernel,
    subroutine,
)
from peslab.kernels.energy import Rooms, Waiting, add_up, collect, room_for_sums
from peslab.kernels.interaction import INTERACTION, Interaction
from peslab.kernels.wrapping import wrap

# The values of the paper, in units of R_c and E_c, a particle's mass being 1.
FIRST_STEP, LONGEST_STEP = 0.1, 1.0  # of time
PATIENCE = 5  # steps downhill before the next ones grow
GROWTH, SHRINKAGE = 1.1, 0.5
STEERING, STEERING_DECAY = 0.1, 0.99

DESCENDING = (INTEGER, NUMBER, NUMBER)


class State(NamedTuple):
    """Room for what the descent of one configuration needs."""

    positions: FloatArray  # (1, N, d)
    forces: FloatArray  # (1, N, d)
    velocities: FloatArray  # (N, d)
    energies: FloatArray  # (1, 1)


@kernel(
    lambda axes: NOTHING(
        CONFIGURATIONS, NUMBERS, INTERACTION, *DESCENDING, INTEGERS, INTEGER, INTEGER, axes
    )
)
def descend(
    positions: FloatArray,  # (n, N, d), wrapped into the cell; relaxed in place
    cell_widths: FloatArray,  # (n,)
    interaction: Interaction,
    steps: int,  # the most
    largest_force: float,  # a configuration is done where no component is larger
    longest: float,  # displacement of all particles together, in one step
    taken: IntArray,  # (n,) filled with the number of steps
    start: int,
    stop: int,
    axes: Axes,
) -> None:
    """Descend from the configurations from `start` to `stop`."""
    interaction = Interaction(*interaction)
    n_particles = positions.shape[1]
    rooms = room_for_sums(interaction, n_particles, cell_widths[start:stop], axes)
    state = State(
        np.empty((1, n_particles, len(axes))),
        np.empty((1, n_particles, len(axes))),
        np.empty((n_particles, len(axes))),
        np.empty((1, 1)),
    )
    for k in range(start, stop):
        for i in range(n_particles):
            for axis in range(len(axes)):
                state.positions[0, i, axis] = positions[k, i, axis]
                state.velocities[i, axis] = 0.0
        taken[k] = descend_one(
            interaction, rooms, state, cell_widths[k], steps, largest_force, longest
        )
        for i in range(n_particles):
            for axis in range(len(axes)):
                positions[k, i, axis] = state.positions[0, i, axis]


@subroutine
def descend_one(
    interaction: Interaction,
    rooms: Rooms,
    state: State,
    cell_width: float,
    steps: int,
    largest_force: float,
    longest: float,
) -> int:
    """Descend from one configuration; return the number of steps."""
    time_step, steering, downhill = FIRST_STEP, STEERING, 0
    for step in range(steps):
        waiting = collect(
            interaction, rooms, state.positions[0], cell_width, 0, Waiting(0, 0, 0),
            state.energies, state.forces,
        )  # fmt: skip
        add_up(interaction, rooms, waiting, state.energies, state.forces)
        force, speed, power = lengths(state, rooms.bins.axes)
        # Forces of particles that are all but in one place overflow: they lead nowhere.
        if not math.isfinite(force) or largest_component(state, rooms.bins.axes) <= largest_force:
            return step
        if power > 0.0:
            steer(state, 1.0 - steering, steering * speed / force, rooms.bins.axes)
            if downhill > PATIENCE:
                time_step = min(time_step * GROWTH, LONGEST_STEP)
                steering *= STEERING_DECAY
            downhill += 1
        else:
            steer(state, 0.0, 0.0, rooms.bins.axes)
            time_step, steering, downhill = time_step * SHRINKAGE, STEERING, 0
        steer(state, 1.0, time_step, rooms.bins.axes)
        _, speed, _ = lengths(state, rooms.bins.axes)
        advance(state, min(time_step, longest / speed), cell_width, rooms.bins.axes)
    return steps


@subroutine
def lengths(state: State, axes: Axes) -> tuple[float, float, float]:
    """Lengths of all forces and velocities together, and their scalar product."""
    force, speed, power = 0.0, 0.0, 0.0
    for i in range(len(state.velocities)):
        for axis in range(len(axes)):
            force += state.forces[0, i, axis] ** 2
            speed += state.velocities[i, axis] ** 2
            power += state.forces[0, i, axis] * state.velocities[i, axis]
    return math.sqrt(force), math.sqrt(speed), power


@subroutine
def largest_component(state: State, axes: Axes) -> float:
    """Of the forces."""
    largest = 0.0
    for i in range(len(state.velocities)):
        for axis in range(len(axes)):
            largest = max(largest, abs(state.forces[0, i, axis]))
    return largest


@subroutine
def steer(state: State, inertia: float, thrust: float, axes: Axes) -> None:
    """Keep a part of the velocities and add the forces times a factor."""
    for i in range(len(state.velocities)):
        for axis in range(len(axes)):
            state.velocities[i, axis] *= inertia
            state.velocities[i, axis] += thrust * state.forces[0, i, axis]


@subroutine
def advance(state: State, time_step: float, cell_width: float, axes: Axes) -> None:
    """Move all particles, back into the cell where they leave it."""
    for i in range(len(state.velocities)):
        for axis in range(len(axes)):
            moved = state.positions[0, i, axis] + time_step * state.velocities[i, axis]
            state.positions[0, i, axis] = wrap(moved, cell_width)
