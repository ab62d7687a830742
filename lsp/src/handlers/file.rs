//! One file of the backend as the documents that the client sees.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use lsp_types::{self as lt, Uri};

use crate::backend::{Cancellable, Edit, Snapshot};
use crate::documents::Content;
use crate::handlers::View;
use crate::position::{Encoding, LineIndex};

/// A file is one document, or the code cells of a notebook.
pub struct File {
    encoding: Encoding,
    /// Sorted by their starts; never empty.
    sections: Vec<Section>,
    /// A notebook that is not open has no documents for its cells.
    is_closed_notebook: bool,
}

pub struct Section {
    pub uri: Uri,
    pub version: Option<i32>,
    /// The number of the cell.
    number: usize,
    start: usize,
    text: Arc<str>,
    index: LineIndex,
}

impl Section {
    fn new(uri: Uri, version: Option<i32>, number: usize, start: usize, text: Arc<str>) -> Self {
        Self {
            index: LineIndex::new(&text),
            uri,
            version,
            number,
            start,
            text,
        }
    }

    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn local(&self, range: Range<usize>) -> Range<usize> {
        let start = range.start.saturating_sub(self.start);
        start..range.end.saturating_sub(self.start).max(start)
    }
}

impl File {
    pub fn read(snapshot: &impl Snapshot, view: &View, path: &Path) -> Cancellable<Option<Self>> {
        let Some(uri) = view.documents.uri(path) else {
            return Ok(None);
        };
        let mut is_closed_notebook = false;
        let mut sections = Vec::new();
        match view.documents.get(path).map(|it| (it, &it.content)) {
            Some((file, Content::Plain(text))) => {
                sections.push(Section::new(uri, Some(file.version), 0, 0, text.clone()));
            }
            Some((file, Content::Notebook(_))) => {
                let mut start = 0;
                for (number, cell) in file.code_cells() {
                    let (uri, text) = (cell.uri.clone(), cell.text.clone());
                    let section = Section::new(uri, Some(cell.version), number, start, text);
                    start = section.end() + 1;
                    sections.push(section);
                }
            }
            None => {
                let Some(text) = snapshot.text(path)? else {
                    return Ok(None);
                };
                let cells = snapshot.cells(path)?;
                is_closed_notebook = !cells.is_empty();
                let ends = cells
                    .iter()
                    .skip(1)
                    .map(|(_, start)| *start)
                    .chain([text.len()]);
                for (&(number, start), end) in cells.iter().zip(ends) {
                    let cell = text.get(start..end).unwrap_or_default().into();
                    sections.push(Section::new(uri.clone(), None, number, start, cell));
                }
                if cells.is_empty() {
                    sections.push(Section::new(uri, None, 0, 0, text));
                }
            }
        }
        Ok((!sections.is_empty()).then_some(Self {
            encoding: view.client.encoding,
            sections,
            is_closed_notebook,
        }))
    }

    pub fn is_closed_notebook(&self) -> bool {
        self.is_closed_notebook
    }

    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    fn section(&self, uri: &Uri) -> Option<&Section> {
        self.sections.iter().find(|it| it.uri == *uri)
    }

    fn section_at(&self, offset: usize) -> &Section {
        let after = self.sections.partition_point(|it| it.start <= offset);
        &self.sections[after.saturating_sub(1)]
    }

    /// The offset of a position in one of the documents.
    pub fn offset(&self, uri: &Uri, position: lt::Position) -> Option<usize> {
        let section = self.section(uri)?;
        Some(section.start + section.index.offset(&section.text, position, self.encoding))
    }

    pub fn offsets(&self, uri: &Uri, range: lt::Range) -> Option<Range<usize>> {
        let section = self.section(uri)?;
        let range = section.index.offsets(&section.text, range, self.encoding);
        Some(section.start + range.start..section.start + range.end)
    }

    /// All of one of the documents.
    pub fn span(&self, uri: &Uri) -> Option<Range<usize>> {
        let section = self.section(uri)?;
        Some(section.start..section.end())
    }

    /// Where a range is; one that reaches into another cell ends with its own.
    pub fn location(&self, range: Range<usize>) -> Option<lt::Location> {
        let section = self.section_at(range.start);
        let range = if self.is_closed_notebook {
            lt::Range::default()
        } else {
            let local = section.local(range);
            section.index.range(&section.text, local, self.encoding)
        };
        Some(lt::Location {
            uri: section.uri.clone(),
            range,
        })
    }

    /// A range of one of the documents. Nothing if it is in another.
    pub fn range_in(&self, uri: &Uri, range: Range<usize>) -> Option<lt::Range> {
        let location = self.location(range)?;
        (location.uri == *uri && !self.is_closed_notebook).then_some(location.range)
    }

    /// As [`Self::range_in`], one range for each line.
    pub fn lines_in(&self, uri: &Uri, range: Range<usize>) -> Vec<lt::Range> {
        let section = self.section_at(range.start);
        if section.uri != *uri || self.is_closed_notebook {
            return Vec::new();
        }
        let all = section.local(range.clone());
        let whole = section
            .index
            .range(&section.text, all.clone(), self.encoding);
        (whole.start.line..=whole.end.line)
            .map(|line| {
                let line = section.index.line(&section.text, line as usize);
                all.start.max(line.start)..all.end.min(line.end)
            })
            .filter(|it| it.start < it.end)
            .map(|it| section.index.range(&section.text, it, self.encoding))
            .collect()
    }

    /// For people: the place of a finding in a notebook that is not open.
    pub fn describe(&self, offset: usize) -> String {
        let section = self.section_at(offset);
        let local = section.local(offset..offset);
        let line = section
            .index
            .position(&section.text, local.start, self.encoding)
            .line
            + 1;
        if section.number == 0 {
            format!("line {line}")
        } else {
            format!("cell {}, line {line}", section.number)
        }
    }

    /// What is in the lines that a range of one of the documents touches.
    pub fn lines(&self, uri: &Uri, range: lt::Range) -> Option<&str> {
        let section = self.section(uri)?;
        let first = section.index.line(&section.text, range.start.line as usize);
        let last = section.index.line(&section.text, range.end.line as usize);
        section.text.get(first.start..last.end)
    }

    /// The document that an edit changes and the edit of it, or why it cannot be made.
    pub fn edit(&self, edit: &Edit) -> Result<(Uri, lt::TextEdit), String> {
        let section = self.section_at(edit.range.start);
        let name = || {
            let name = section
                .uri
                .path_segments()
                .and_then(|mut it| it.next_back());
            name.unwrap_or_default().to_owned()
        };
        if self.is_closed_notebook {
            return Err(format!("The notebook {} has to be opened first", name()));
        }
        if edit.range.end > section.end() {
            return Err(format!(
                "The edit of {} would reach into another cell",
                name()
            ));
        }
        let local = section.local(edit.range.clone());
        let range = section.index.range(&section.text, local, self.encoding);
        let new_text = edit.text.clone();
        Ok((section.uri.clone(), lt::TextEdit { range, new_text }))
    }
}
