//! Trees out of a graph: each node is shown in full once, circles and deep chains end.

use std::collections::HashSet;

/// A chain is followed so far; its rest is a tree of its own.
pub(crate) const DEPTH_MAX: usize = 40;

/// A line of a forest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForestLine {
    pub(crate) node: usize,
    pub(crate) depth: usize,
    /// The branches left of the node.
    pub(crate) branches: String,
    pub(crate) form: LineForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineForm {
    /// Its children follow.
    Full,
    /// It stands in full in a line above.
    SeenAbove,
    /// It is too deep here, and stands in full in a line below or above.
    Elsewhere,
}

/// The lines of all trees. `children` has for each node those below it. Nodes that are no child
/// begin a tree; then, in their order, those that no tree has: the circles.
pub(crate) fn lines(children: &[Vec<usize>]) -> Vec<ForestLine> {
    let below: HashSet<usize> = children.iter().flatten().copied().collect();
    let mut walk = Walk { children, seen: vec![false; children.len()], lines: Vec::new() };
    for node in (0..children.len()).filter(|node| !below.contains(node)) {
        walk.tree(node);
    }
    for node in 0..children.len() {
        if !walk.seen[node] {
            walk.tree(node);
        }
    }
    walk.lines
}

struct Walk<'a> {
    children: &'a [Vec<usize>],
    seen: Vec<bool>,
    lines: Vec<ForestLine>,
}

impl Walk<'_> {
    fn tree(&mut self, root: usize) {
        self.node(root, 0, String::new(), "");
    }

    /// `indent` is what stands left of the children of the node.
    fn node(&mut self, node: usize, depth: usize, branches: String, indent: &str) {
        let form = match (self.seen[node], depth > DEPTH_MAX) {
            (true, _) => LineForm::SeenAbove,
            (false, true) => LineForm::Elsewhere,
            (false, false) => LineForm::Full,
        };
        self.lines.push(ForestLine { node, depth, branches, form });
        if form != LineForm::Full {
            return;
        }
        self.seen[node] = true;
        let children = &self.children[node];
        for (place, child) in children.iter().enumerate() {
            let is_last = place + 1 == children.len();
            let (branch, rest) =
                if is_last { ("\u{2514}\u{2500} ", "   ") } else { ("\u{251c}\u{2500} ", "\u{2502}  ") };
            self.node(*child, depth + 1, format!("{indent}{branch}"), &format!("{indent}{rest}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DEPTH_MAX, ForestLine, LineForm, lines};

    fn shown(lines: &[ForestLine]) -> Vec<String> {
        let mark = |form| match form {
            LineForm::Full => "",
            LineForm::SeenAbove => " above",
            LineForm::Elsewhere => " elsewhere",
        };
        lines.iter().map(|line| format!("{}{}{}", line.branches, line.node, mark(line.form))).collect()
    }

    #[test]
    fn a_tree_has_a_branch_for_each_child() {
        let children = [vec![1, 3], vec![2], vec![], vec![], vec![]];
        assert_eq!(
            shown(&lines(&children)),
            ["0", "\u{251c}\u{2500} 1", "\u{2502}  \u{2514}\u{2500} 2", "\u{2514}\u{2500} 3", "4"]
        );
    }

    #[test]
    fn a_node_with_two_parents_is_shown_in_full_once() {
        let children = [vec![2], vec![2], vec![3], vec![]];
        let expected = ["0", "\u{2514}\u{2500} 2", "   \u{2514}\u{2500} 3", "1", "\u{2514}\u{2500} 2 above"];
        assert_eq!(shown(&lines(&children)), expected);
    }

    #[test]
    fn circles_end_where_they_began() {
        let children = [vec![], vec![2], vec![1], vec![3]];
        let expected =
            ["0", "1", "\u{2514}\u{2500} 2", "   \u{2514}\u{2500} 1 above", "3", "\u{2514}\u{2500} 3 above"];
        assert_eq!(shown(&lines(&children)), expected);
    }

    #[test]
    fn a_chain_of_any_length_has_each_node_in_full_once() {
        const LENGTH: usize = 100_000;
        let children: Vec<Vec<usize>> =
            (0..LENGTH).map(|node| if node + 1 < LENGTH { vec![node + 1] } else { vec![] }).collect();
        let lines = lines(&children);
        assert_eq!(lines.iter().filter(|line| line.form == LineForm::Full).count(), LENGTH);
        assert!(lines.iter().all(|line| line.depth <= DEPTH_MAX + 1));
    }
}
