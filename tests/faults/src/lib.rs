//! What a `kill -9`, a broker or a database that goes away must not do: lose or double anything that got a "yes".
