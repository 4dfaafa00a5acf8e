//! The bytes of a fuzzer as choices.

/// The rest of a script. After its end all choices are the first one.
pub(super) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    /// Begins a script.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Returns true if no byte is left.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a byte.
    pub(super) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// Chooses one of a few values.
    pub(super) fn choose<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::from(self.byte()) % values.len()]
    }

    /// Chooses one of the last values that were learnt; `None` if there is none, and sometimes otherwise.
    pub(super) fn recall<T: Clone>(&mut self, known: &[T]) -> Option<T> {
        let back = usize::from(self.byte() % 8);
        known.iter().rev().nth(back).cloned()
    }
}
