use ruff_db::system::{SystemPath, SystemPathBuf, OsSystem};
fn main() -> anyhow::Result<()> {
    let cwd = SystemPathBuf::from(std::env::current_dir()?.to_str().unwrap());
    let files: Vec<_> = std::env::args().skip(1).filter(|a| a != "--all").map(|a| SystemPath::absolute(a, &cwd)).collect();
    let all = std::env::args().any(|a| a == "--all");
    let site = std::env::var("SITE").ok().map(SystemPathBuf::from).into_iter().collect();
    let options = proxycheck::ProgramOptions { src: vec![cwd.clone()], extra: vec![], site_packages: site, python_version: ruff_python_ast::PythonVersion::PY312, platform: None, respect_type_ignore: false, respect_ty_ignore: false };
    let o = proxycheck::check::check(std::sync::Arc::new(OsSystem::new(&cwd)), &proxycheck::check::Request { options: &options, files: &files, all }, &|_| ())?;
    let mut lines: Vec<_> = o.diagnostics.iter().map(|d| { let p = d.primary.source.position(d.primary.range.start()); (d.primary.source.path.clone(), p, format!("{}:{}:{}: {}[{}] {}", d.primary.source.path, p.line, p.column, d.severity.as_str(), d.rule, d.message)) }).collect();
    lines.sort();
    for l in lines { println!("{}", l.2); }
    Ok(())
}
