"""Service level objectives: what is declared, what it compiles to, and the arithmetic of error budgets. No I/O."""
