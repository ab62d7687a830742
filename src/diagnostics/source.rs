//! The text that the user wrote, and the positions in it.

use ruff_source_file::LineIndex;
use ruff_text_size::TextSize;

/// A place as people and editors write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The notebook cell, from 1; `None` in an ordinary file.
    pub cell: Option<usize>,
    /// From 1. In a notebook, the line in its cell.
    pub line: usize,
    /// From 1, in Unicode code points.
    pub column: usize,
}

/// One code cell of a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The number of the cell in the notebook, from 1, counting cells of every type.
    pub number: usize,
    /// Where the cell begins in [`Source::text`].
    pub start: TextSize,
}

/// A file as the user wrote it. For a notebook the text is that of its code cells, one after the other.
#[derive(Debug)]
pub struct Source {
    /// Relative to the working directory where it lies below it.
    pub path: String,
    pub text: String,
    /// Empty for an ordinary file.
    pub cells: Vec<Cell>,
    lines: LineIndex,
}

impl Source {
    pub fn new(path: String, text: String, cells: Vec<Cell>) -> Self {
        let lines = LineIndex::from_source_text(&text);
        Source {
            path,
            text,
            cells,
            lines,
        }
    }

    /// Where a byte offset into the text is.
    pub fn position(&self, offset: TextSize) -> Position {
        let at = self.lines.line_column(offset, &self.text);
        let cell = self
            .cells
            .partition_point(|cell| cell.start <= offset)
            .checked_sub(1)
            .map(|index| self.cells[index]);
        let first_line = cell.map_or(1, |cell| self.lines.line_index(cell.start).get());
        Position {
            cell: cell.map(|cell| cell.number),
            line: at.line.get() + 1 - first_line,
            column: at.column.get(),
        }
    }
}
