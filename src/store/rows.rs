//! Statements over many rows at once. The count of rows in a statement is a power of two, so that
//! few different statements have to be prepared.

use sqlx::{Any, any::AnyArguments, query, query::Query};

use super::{StoreError, tx::Tx};

/// The most rows in one statement.
const MOST: usize = 64;

/// A value of a column.
pub(super) enum Cell {
    Text(String),
    Integer(i64),
    Maybe(Option<String>),
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

type Bound = Query<'static, Any, AnyArguments>;

fn bind(query: Bound, cell: Cell) -> Bound {
    match cell {
        Cell::Text(text) => query.bind(text),
        Cell::Integer(number) => query.bind(number),
        Cell::Maybe(text) => query.bind(text),
    }
}

/// `($1, $2), ($3, $4)` for two rows of two, counting on from `first`.
fn places(first: usize, rows: usize, width: usize) -> String {
    let mut text = String::with_capacity(rows * width * 5);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            if column > 0 {
                text.push_str(", ");
            }
            text.push('$');
            text.push_str(&(first + row * width + column).to_string());
        }
        text.push(')');
    }
    text
}

/// The largest power of two that is not above `count` and [`MOST`].
fn portion(count: usize) -> usize {
    1 << count.clamp(1, MOST).ilog2()
}

impl Tx {
    /// Runs a statement for all rows: `before` and `after` surround the list of rows. Returns how
    /// many rows were changed in all.
    pub(super) async fn for_rows<const N: usize>(
        &mut self,
        before: &'static str,
        rows: Vec<[Cell; N]>,
        after: &'static str,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let count = portion(rows.len());
            let sql = format!("{before} {} {after}", places(1, count, N));
            let mut statement = query(sqlx::AssertSqlSafe(sql));
            for cell in rows.by_ref().take(count).flatten() {
                statement = bind(statement, cell);
            }
            changed += self.execute(statement).await?;
        }
        Ok(changed)
    }

    /// Reads what `sql` followed by a list of rows says; `fixed` are the first parameters. The list
    /// is filled up with its last row to a power of two.
    pub(super) async fn among<const N: usize>(
        &mut self,
        sql: [&str; 2],
        fixed: Vec<Cell>,
        rows: Vec<[String; N]>,
    ) -> Result<Vec<sqlx::any::AnyRow>, StoreError> {
        let mut found = Vec::new();
        for rows in rows.chunks(MOST) {
            let Some(last) = rows.last() else { continue };
            let count = rows.len().next_power_of_two();
            let [before, after] = sql;
            // A list of single values is written without a row's parentheses around each.
            let list = if N == 1 {
                places(fixed.len() + 1, 1, count)
            } else {
                format!("(VALUES {})", places(fixed.len() + 1, count, N))
            };
            let mut statement = query(sqlx::AssertSqlSafe(format!("{before} {list} {after}")));
            for cell in &fixed {
                statement = match cell {
                    Cell::Text(text) => statement.bind(text.clone()),
                    Cell::Integer(number) => statement.bind(*number),
                    Cell::Maybe(text) => statement.bind(text.clone()),
                };
            }
            for cell in rows.iter().chain(std::iter::repeat(last)).take(count).flatten() {
                statement = statement.bind(cell.clone());
            }
            found.extend(self.all(statement).await?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_places_row_by_row() {
        assert_eq!(places(1, 2, 2), "($1, $2), ($3, $4)");
        assert_eq!(places(3, 1, 4), "($3, $4, $5, $6)");
    }

    #[test]
    fn portions_are_powers_of_two() {
        let all: Vec<_> = [1, 2, 3, 31, 64, 65, 500].into_iter().map(portion).collect();
        assert_eq!(all, [1, 2, 2, 16, 64, 64, 64]);
    }
}
