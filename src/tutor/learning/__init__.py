"""What teaching is made from: the roadmap of topics, practice items, interview questions and the glossary."""
