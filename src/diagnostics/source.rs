//! The text that the user wrote, and the positions in it.

use std::sync::Arc;

use ruff_db::system::SystemPath;
use ruff_notebook::{Notebook, NotebookError};
use ruff_source_file::{LineIndex, OneIndexed};
use ruff_text_size::{TextLen, TextRange, TextSize};

use super::{Diagnostic, Severity};

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

/// A path as the user sees it: relative to the working directory if it is below it.
pub(crate) fn shown(path: &SystemPath, cwd: &SystemPath) -> String {
    path.strip_prefix(cwd).unwrap_or(path).to_string()
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

    /// Reads a file from disk; a notebook if its name ends in `.ipynb`.
    ///
    /// `cwd` is the working directory, to which [`Source::path`] is made relative. A notebook in
    /// another language than Python has an empty text.
    ///
    /// # Errors
    /// The file cannot be read, is not UTF-8, or is not a notebook in spite of its name.
    pub fn read(path: &SystemPath, cwd: &SystemPath) -> Result<Self, ReadError> {
        let bytes = std::fs::read(path.as_std_path()).map_err(ReadError::Io)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            ReadError::NotUtf8 {
                line: valid.iter().filter(|byte| **byte == b'\n').count() + 1,
            }
        })?;
        Source::parse(path, cwd, text)
    }

    /// A file that holds `text`; the rest is as for [`Source::read`].
    ///
    /// # Errors
    /// The text is not that of a notebook in spite of the file's name.
    pub fn parse(path: &SystemPath, cwd: &SystemPath, text: String) -> Result<Self, ReadError> {
        let shown = shown(path, cwd);
        if path.extension() != Some("ipynb") {
            return Ok(Source::new(shown, text, Vec::new()));
        }
        let notebook = Notebook::from_source_code(&text).map_err(ReadError::Notebook)?;
        if !notebook.is_python_notebook() {
            return Ok(Source::new(shown, String::new(), Vec::new()));
        }
        Ok(Source::from_notebook(shown, &notebook))
    }

    /// The code cells of a notebook.
    pub fn from_notebook(path: String, notebook: &Notebook) -> Self {
        // The offsets of the valid code cells come first, then that of the end of the text.
        let starts = notebook.cell_offsets().iter().copied();
        let numbers = notebook.index().iter().map(|cell| cell.cell_index());
        let cells = numbers
            .zip(starts)
            .map(|(number, start)| Cell {
                number: number.get(),
                start,
            })
            .collect();
        Source::new(path, notebook.source_code().to_string(), cells)
    }

    /// Where a byte offset into the text is.
    pub fn position(&self, offset: TextSize) -> Position {
        let at = self.lines.line_column(offset, &self.text);
        let cell = self.cell_at(offset);
        let first_line = cell.map_or(1, |cell| self.lines.line_index(cell.start).get());
        Position {
            cell: cell.map(|cell| cell.number),
            line: at.line.get() + 1 - first_line,
            column: at.column.get(),
        }
    }

    /// The notebook cell that an offset lies in.
    pub fn cell_at(&self, offset: TextSize) -> Option<Cell> {
        self.cells
            .partition_point(|cell| cell.start <= offset)
            .checked_sub(1)
            .map(|index| self.cells[index])
    }

    /// The line that an offset lies in, from 0, counted over the whole text.
    pub fn line_index(&self, offset: TextSize) -> usize {
        self.lines.line_index(offset).to_zero_indexed()
    }

    /// How many lines the text has. There is always one, and one more after a final line ending.
    pub fn line_count(&self) -> usize {
        self.lines.line_count()
    }

    /// The range of a line, from 0, without its ending.
    pub fn line_range(&self, line: usize) -> TextRange {
        let line = OneIndexed::from_zero_indexed(line);
        let start = self.lines.line_start(line, &self.text);
        let end = self.lines.line_end(line, &self.text);
        let text = &self.text[TextRange::new(start, end)];
        TextRange::at(start, text.trim_end_matches(['\n', '\r']).text_len())
    }
}

/// Why a file could not be read.
#[derive(Debug)]
pub enum ReadError {
    Io(std::io::Error),
    /// The first line that holds an invalid byte, from 1.
    NotUtf8 {
        line: usize,
    },
    Notebook(NotebookError),
    /// More brackets are open at once than Python allows.
    TooDeep,
}

impl ReadError {
    /// The finding that stands in for those of the file.
    pub fn into_diagnostic(self, path: &SystemPath, cwd: &SystemPath) -> Diagnostic {
        let shown = shown(path, cwd);
        let rule = match self {
            ReadError::TooDeep => "invalid-syntax",
            _ => "io-error",
        };
        let (message, help) = match self {
            ReadError::Io(error) => (
                format!("The file cannot be read: {}", io_reason(&error)),
                match error.kind() {
                    std::io::ErrorKind::PermissionDenied => {
                        "Make the file readable, or leave it out with `--exclude`"
                    }
                    std::io::ErrorKind::NotFound => "If it is a symbolic link, mend or remove it",
                    _ => "Leave it out with `--exclude` if it is not to be checked",
                },
            ),
            ReadError::NotUtf8 { line } => (
                format!("The file is not valid UTF-8 (line {line})"),
                "Save the file as UTF-8, or leave it out with `--exclude`",
            ),
            ReadError::Notebook(error) => (
                format!("The file is not a Jupyter notebook: {error}"),
                "Save it again from Jupyter (notebook format 4), or leave it out with `--exclude`",
            ),
            ReadError::TooDeep => (
                "More than 200 brackets are open at once, which Python does not allow".to_owned(),
                "Leave it out with `--exclude` if it is not to be checked",
            ),
        };
        let source = Arc::new(Source::new(shown, String::new(), Vec::new()));
        let mut diagnostic = Diagnostic::new(
            rule,
            Severity::Error,
            message,
            &source,
            TextRange::default(),
        );
        diagnostic.help = Some(help.to_string());
        diagnostic
    }
}

/// What the operating system said, without the number that [`std::io::Error`] appends.
pub(crate) fn io_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("a.py".into(), text.into(), Vec::new())
    }

    #[test]
    fn lines_end_with_any_line_ending() {
        let it = source("a\r\nbc\rd\n");
        let lines: Vec<_> = (0..it.line_count())
            .map(|line| &it.text[it.line_range(line)])
            .collect();
        assert_eq!(lines, ["a", "bc", "d", ""]);
    }

    #[test]
    fn columns_count_code_points() {
        let it = source("x = '変'; y\n");
        let offset = it.text.find('y').unwrap();
        let position = it.position(TextSize::try_from(offset).unwrap());
        assert_eq!((position.line, position.column), (1, 10));
    }

    #[test]
    fn empty_text_has_one_line() {
        let it = source("");
        assert_eq!(it.line_count(), 1);
        assert_eq!(it.line_range(0), TextRange::default());
        assert_eq!(it.position(TextSize::default()).line, 1);
    }

    const NOTEBOOK: &str = r##"{
        "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# title"]},
            {"cell_type": "code", "execution_count": null, "id": "b", "metadata": {}, "outputs": [], "source": ["x = 1\n", "y = 2"]},
            {"cell_type": "markdown", "id": "c", "metadata": {}, "source": []},
            {"cell_type": "code", "execution_count": null, "id": "d", "metadata": {}, "outputs": [], "source": ["z = 3"]}
        ],
        "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5
    }"##;

    #[test]
    fn notebook_positions_are_those_of_the_cell() {
        let notebook = Notebook::from_source_code(NOTEBOOK).unwrap();
        let it = Source::from_notebook("n.ipynb".into(), &notebook);
        let at = |needle: &str| {
            let offset = it.text.find(needle).unwrap();
            let position = it.position(TextSize::try_from(offset).unwrap());
            (position.cell, position.line, position.column)
        };
        assert_eq!(at("x"), (Some(2), 1, 1));
        assert_eq!(at("2"), (Some(2), 2, 5));
        assert_eq!(at("z"), (Some(4), 1, 1));
    }
}
