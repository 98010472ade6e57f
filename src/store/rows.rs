//! Statements over many rows at once. The count of rows in a statement is a power of two, so that
//! few different statements have to be prepared.

use sqlx::{Any, any::AnyArguments, query, query::Query};

use super::{Engine, StoreError, tx::Tx};

/// The most rows in one statement.
const MOST: usize = 64;

/// A value of a column.
#[derive(Clone)]
pub(super) enum Cell {
    Text(String),
    Integer(i64),
    Maybe(Option<String>),
    Number(Option<i64>),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: AsRef<str>> From<&T> for Cell {
    fn from(text: &T) -> Self {
        Self::Text(text.as_ref().to_owned())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        Self::Maybe(text)
    }
}

pub(super) type Bound = Query<'static, Any, AnyArguments>;

/// Binds a value to the next place.
pub(super) fn bind(query: Bound, cell: Cell) -> Bound {
    match cell {
        Cell::Text(text) => query.bind(text),
        Cell::Integer(number) => query.bind(number),
        Cell::Maybe(text) => query.bind(text),
        Cell::Number(number) => query.bind(number),
    }
}

/// `($1, $2), ($3, $4)` for two rows of two, counting on from `first`. SQLite is given plain `?`:
/// it looks for numbered places one after the other.
fn places(engine: Engine, first: usize, rows: usize, width: usize) -> String {
    let mut text = String::with_capacity(rows * width * 5);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            if column > 0 {
                text.push_str(", ");
            }
            match engine {
                Engine::Sqlite => text.push('?'),
                Engine::Postgres => {
                    text.push('$');
                    text.push_str(&(first + row * width + column).to_string());
                }
            }
        }
        text.push(')');
    }
    text
}

impl Tx {
    /// Inserts rows; the first column must not be NULL. `into` is `INSERT INTO table (columns)`.
    pub(super) async fn insert_rows<const N: usize>(
        &mut self,
        into: &'static str,
        mut rows: Vec<[Cell; N]>,
    ) -> Result<(), StoreError> {
        while !rows.is_empty() {
            let portion: Vec<_> = rows.drain(..rows.len().min(MOST)).collect();
            let (given, count) = (portion.len(), portion.len().next_power_of_two());
            let places = places(self.engine, 1, count, N);
            // What fills up the list is left out again by its first column.
            let sql =
                format!("{into} SELECT * FROM (VALUES {places}) AS v WHERE column1 IS NOT NULL");
            let mut statement = query(sqlx::AssertSqlSafe(sql));
            let filling = portion.last().cloned().map(|mut row| {
                if let Some(cell) = row.first_mut() {
                    *cell = Cell::Maybe(None);
                }
                row
            });
            for row in portion.into_iter().chain(filling.into_iter().cycle().take(count - given)) {
                statement = row.into_iter().fold(statement, bind);
            }
            self.execute(statement).await?;
        }
        Ok(())
    }

    /// Updates rows by a list of values that stands between `before` and `after`; it is filled up
    /// with its last row. Returns how many rows were changed in all.
    pub(super) async fn update_rows<const N: usize>(
        &mut self,
        before: &'static str,
        mut rows: Vec<[Cell; N]>,
        after: &'static str,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        while !rows.is_empty() {
            let portion: Vec<_> = rows.drain(..rows.len().min(MOST)).collect();
            let count = portion.len().next_power_of_two();
            let places = places(self.engine, 1, count, N);
            let sql = format!("{before} {places} {after}");
            let mut statement = query(sqlx::AssertSqlSafe(sql));
            for row in filled(&portion, count) {
                statement = row.iter().cloned().fold(statement, bind);
            }
            changed += self.execute(statement).await?;
        }
        Ok(changed)
    }

    /// Reads what `sql` with a list of rows between its two parts says. `fixed` may be one parameter
    /// `$1` before the list.
    pub(super) async fn among<const N: usize>(
        &mut self,
        sql: [&str; 2],
        fixed: Option<Cell>,
        rows: Vec<[Cell; N]>,
    ) -> Result<Vec<sqlx::any::AnyRow>, StoreError> {
        let mut found = Vec::new();
        for portion in rows.chunks(MOST) {
            let count = portion.len().next_power_of_two();
            let [before, after] = sql;
            // Numbered and plain places do not go together.
            let before = match self.engine {
                Engine::Sqlite => before.replace("$1", "?"),
                Engine::Postgres => before.to_owned(),
            };
            let first = if fixed.is_some() { 2 } else { 1 };
            // A list of single values is written without a row's parentheses around each.
            let list = if N == 1 {
                places(self.engine, first, 1, count)
            } else {
                format!("(VALUES {})", places(self.engine, first, count, N))
            };
            let sql = format!("{before} {list} {after}");
            let mut statement = query(sqlx::AssertSqlSafe(sql));
            statement = fixed.iter().cloned().fold(statement, bind);
            for row in filled(portion, count) {
                statement = row.iter().cloned().fold(statement, bind);
            }
            found.extend(self.all(statement).await?);
        }
        Ok(found)
    }
}

/// The rows, and the last one again until there are `count`.
fn filled<T>(rows: &[T], count: usize) -> impl Iterator<Item = &T> {
    rows.iter().chain(rows.last().into_iter().cycle()).take(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_places_row_by_row() {
        assert_eq!(places(Engine::Postgres, 1, 2, 2), "($1, $2), ($3, $4)");
        assert_eq!(places(Engine::Postgres, 3, 1, 4), "($3, $4, $5, $6)");
        assert_eq!(places(Engine::Sqlite, 3, 2, 1), "(?), (?)");
    }

    #[test]
    fn fills_up_with_the_last_row() {
        assert_eq!(filled(&[1, 2, 3], 4).copied().collect::<Vec<_>>(), [1, 2, 3, 3]);
        assert_eq!(filled::<u8>(&[], 1).count(), 0);
    }
}
