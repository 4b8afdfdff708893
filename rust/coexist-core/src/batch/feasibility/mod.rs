//! Why no placement exists: a reason from which nothing can be left out.
