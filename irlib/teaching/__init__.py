"""What a teacher needs: graded notebooks, notebooks without solutions, and a course plan."""
