//! The objects of one kind as canonical JSON Lines, whatever the form of their file.

use super::csv::Header;
use super::fault::{self, Fault};
use super::parse::Layout;
use super::snapshot::find;
use super::source::{Block, Format, Source};
use super::table::{open, HEAD};
use super::{Context, Problems, SIZES};
use coexist_core::limits::Limits;
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::{push_canonical, Kind};
use coexist_core::watch::Watch;
use rayon::prelude::*;
use std::path::Path;

/// Gives every object of one kind of a snapshot folder, in the order of the file, as canonical JSON Lines in pieces of whole lines. Objects of CSV files have
/// their columns as texts. Gives what was wrong with single records.
///
/// # Errors
/// `SnapshotNotFound`, `SnapshotEmpty`, `KindNotFound`, `FileUnreadable`, `Cancelled`, and those of `take`, which end the reading.
pub fn read_lines(folder: &Path, kind: Kind, watch: &dyn Watch, mut take: impl FnMut(&str) -> Result<(), Problem>) -> Result<Vec<Problem>, Problem> {
    let file = find(folder)?.files.remove(&kind).ok_or_else(|| {
        let message = format!("'{}' holds no {kind}; export them with {} | Export-CoexistSnapshot.", folder.display(), kind.source());
        Problem::new("KindNotFound", Category::ObjectNotFound, message).about(kind.name())
    })?;
    let path = folder.join(&file);
    let unreadable = |error: std::io::Error| fault::unreadable(&path, &error);
    let name = path.display().to_string();
    let limits = Limits::default();
    let context = Context { kind, file: &name, problems: limits.value("problemsPerFile") as usize };
    let format = path.extension().and_then(|extension| Format::of_extension(extension.to_str()?));
    let file = open(&path).map_err(unreadable)?;
    let length = file.metadata().ok().map(|metadata| metadata.len());
    let mut source = Source::open(file, format, HEAD, limits.value("recordBytes") as usize).map_err(unreadable)?;
    let header = source.header.take();
    let layout = Layout { header: header.as_ref(), encoding: source.encoding };
    let mut problems = Problems::default();
    if let Some(encoding) = source.refused {
        problems.push(usize::MAX, || fault::encoding(&context, encoding));
        return Ok(problems.kept);
    }
    let mut blocks: Vec<Block> = Vec::new();
    loop {
        blocks.resize_with(SIZES.batch, Block::default);
        let mut used = 0;
        while used < blocks.len() && source.fill(&mut blocks[used], SIZES.block).map_err(unreadable)? {
            used += 1;
        }
        if watch.cancelled() {
            return Err(Problem::cancelled());
        }
        watch.progress("Reading", &name, source.bytes, length);
        if used == 0 {
            break;
        }
        let parts: Vec<(Vec<u8>, Problems)> = blocks[..used].par_iter().map(|block| lines(block, layout, &context)).collect();
        for (text, found) in parts {
            problems.append(context.problems, found);
            if !text.is_empty() {
                // Canonical JSON is text; a defect here shall not end the shell.
                take(&String::from_utf8_lossy(&text))?;
            }
        }
    }
    let Problems { mut kept, count } = problems;
    if count > kept.len() as u64 {
        kept.push(fault::omitted(&context, kept.len(), count));
    }
    Ok(kept)
}

fn lines(block: &Block, layout: Layout, context: &Context) -> (Vec<u8>, Problems) {
    let mut out = Vec::with_capacity(block.bytes.len());
    let mut problems = Problems::default();
    let whole = block.text();
    for span in &block.spans {
        let result = block.record(whole, span).and_then(|text| if text.is_empty() { Ok(()) } else { line(&mut out, text, span.open, layout) });
        if let Err(fault) = result {
            problems.push(context.problems, || fault.problem(context, span.line));
        }
    }
    (out, problems)
}

fn line(out: &mut Vec<u8>, text: &str, open: bool, layout: Layout) -> Result<(), Fault> {
    layout.check(text, open)?;
    match layout.header {
        Some(header) => Header::push_object(header, out, text).map_err(|fault| layout.explain_csv(fault, text, open))?,
        None => push_canonical(out, text).map_err(|bad| layout.explain_json(bad, text, open))?,
    }
    out.push(b'\n');
    Ok(())
}
