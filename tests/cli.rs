//! Runs the command as its users do.

mod cli {
    mod bad_input;
    mod configuration;
    mod fixes;
    mod formats;
    mod project;
    mod run;
    mod suppression;
}
