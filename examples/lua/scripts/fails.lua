print("so far")
error("this is why")
