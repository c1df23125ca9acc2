"""What the offline writers say: kinds of questions, each with several wordings, answered from the scene."""
