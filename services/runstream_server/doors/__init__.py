"""Who may come in, and how: tokens, TLS, what may be bound."""
