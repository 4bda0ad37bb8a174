"""Values and decisions. Standard library and numpy only; nothing here touches a disk or a window."""
