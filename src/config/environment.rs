//! Finding the Python environment that the program to check runs in.

use ruff_db::system::{System, SystemPath, SystemPathBuf};
use ruff_python_ast::PythonVersion;
use ty_site_packages::{PythonEnvironment, SysPrefixPathOrigin};

/// Where installed packages are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    pub site_packages: Vec<SystemPathBuf>,
    /// The version of the interpreter, if the environment says so.
    pub python_version: Option<PythonVersion>,
}

/// What discovery came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Discovered {
    /// `None` if there is none.
    pub environment: Option<Environment>,
    /// Why environments that the user seems to have meant are not used, each one line.
    pub warnings: Vec<String>,
}

/// The environment at `path`: an interpreter, or the folder that an environment or an installation
/// is in. A bare name, such as `python3.11`, is looked up on the search path too.
///
/// # Errors
/// There is no Python environment; the text says so in one line.
pub fn at(path: &str, base: &SystemPath, system: &dyn System) -> Result<Environment, String> {
    let absolute = SystemPath::absolute(path, base);
    let is_bare_name = !path.contains(['/', '\\']);
    let found = if is_bare_name && !system.path_exists(&absolute) {
        on_search_path(path, system)
    } else {
        resolve(&absolute, SysPrefixPathOrigin::PythonCliFlag, system).or_else(|| {
            system
                .is_file(&absolute)
                .then(|| ask(&absolute, system))
                .flatten()
        })
    };
    found.ok_or_else(|| {
        let what = if system.path_exists(&absolute) {
            "is neither a Python interpreter nor a Python environment"
        } else {
            "does not exist"
        };
        format!("`{path}` {what}")
    })
}

/// The environment that the user most probably means, where none is named.
///
/// In this order: the activated virtual environment, the activated conda environment unless it is
/// the base one, uv's, `.venv` in `root` or above, conda's base environment, the environment that
/// proxycheck is installed in, `python3` on the search path.
pub fn discover(root: &SystemPath, system: &dyn System) -> Discovered {
    let mut found = Discovered::default();
    let variable = |name: &str| {
        let value = system.env_var(name).ok()?;
        (!value.is_empty()).then_some(value)
    };
    let conda = variable("CONDA_PREFIX");
    let conda_is_base =
        variable("CONDA_DEFAULT_ENV").is_some_and(|it| matches!(it.as_str(), "base" | "root"));
    let mut named = Vec::new();
    if let Some(path) = variable("VIRTUAL_ENV") {
        named.push(("VIRTUAL_ENV", path));
    }
    if let Some(path) = conda.clone().filter(|_| !conda_is_base) {
        named.push(("CONDA_PREFIX", path));
    }
    if let Some(path) = variable("UV_PROJECT_ENVIRONMENT") {
        named.push(("UV_PROJECT_ENVIRONMENT", path));
    }
    for (name, path) in named {
        let absolute = SystemPath::absolute(&path, root);
        if let Some(environment) = resolve(&absolute, SysPrefixPathOrigin::CondaPrefixVar, system) {
            found.environment = Some(environment);
            return found;
        }
        found.warnings.push(format!(
            "the environment variable {name} names `{path}`, which is no Python environment"
        ));
    }
    found.environment = root
        .ancestors()
        .find_map(|folder| {
            resolve(
                &folder.join(".venv"),
                SysPrefixPathOrigin::LocalVenv,
                system,
            )
        })
        .or_else(|| {
            let base = SystemPathBuf::from(conda?);
            resolve(&base, SysPrefixPathOrigin::CondaPrefixVar, system)
        })
        .or_else(|| of_this_program(system))
        .or_else(|| on_search_path("python3", system))
        .or_else(|| on_search_path("python", system));
    found
}

fn resolve(
    path: &SystemPath,
    origin: SysPrefixPathOrigin,
    system: &dyn System,
) -> Option<Environment> {
    let environment = PythonEnvironment::new(path, origin, system).ok()?;
    let site_packages = environment.site_packages_paths(system).ok()?;
    let python_version = environment
        .python_version_from_metadata()
        .cloned()
        .or_else(|| site_packages.python_version_from_layout())
        .map(|it| it.version);
    Some(Environment {
        site_packages: site_packages.into_vec(),
        python_version,
    })
}

/// The virtual environment whose `bin` folder holds the running program.
fn of_this_program(system: &dyn System) -> Option<Environment> {
    let program = SystemPathBuf::from_path_buf(std::env::current_exe().ok()?).ok()?;
    let prefix = program.parent()?.parent()?;
    resolve(prefix, SysPrefixPathOrigin::LocalVenv, system)
}

fn on_search_path(name: &str, system: &dyn System) -> Option<Environment> {
    let interpreter = system.which(name).ok()?;
    resolve(&interpreter, SysPrefixPathOrigin::PythonBinary, system)
        .or_else(|| ask(&interpreter, system))
}

/// Asks an interpreter where its packages are. The program on the search path may be a script that
/// starts the real interpreter, which lies in another place.
fn ask(interpreter: &SystemPath, system: &dyn System) -> Option<Environment> {
    const QUESTION: &str = "import site, sys, sysconfig
paths = [sysconfig.get_path('purelib'), sysconfig.get_path('platlib'), *site.getsitepackages()]
print('proxycheck', *sys.version_info[:2], *dict.fromkeys(paths), sep='\\n')";
    let output = std::process::Command::new(interpreter.as_std_path())
        .args(["-I", "-c", QUESTION])
        .stdin(std::process::Stdio::null())
        .output()
        .ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    let mut lines = answer
        .lines()
        .skip_while(|line| *line != "proxycheck")
        .skip(1);
    let version = format!("{}.{}", lines.next()?, lines.next()?);
    let site_packages: Vec<SystemPathBuf> = lines
        .map(SystemPathBuf::from)
        .filter(|path| system.is_directory(path))
        .collect();
    Some(Environment {
        site_packages,
        python_version: version.parse().ok(),
    })
}
