//! One mapping's life: its states and its fleet. The one writer of its state.
