/* floor-spt.c: the least that a process can do: start and end. */
int main(void)
{
	return 0;
}
