NAME, PASSWORD = "test", "only a test"
