resource "aws_iam_role" "x" {
  name = "x"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
resource "aws_iam_instance_profile" "a" {
  role = aws_iam_role.x.arn
}
resource "aws_iam_instance_profile" "b" {
  role = "arn:aws:iam::123456789012:role/web"
}
resource "aws_iam_instance_profile" "c" {
  role = aws_iam_role.x.name
}
resource "aws_iam_instance_profile" "d" {
  role = data.aws_iam_role.y.arn
}
resource "aws_iam_instance_profile" "e" {
  role = aws_iam_role.x[0].arn
}
resource "aws_iam_instance_profile" "f" {
  roles = ["${aws_iam_role.x.arn}"]
}
resource "aws_iam_instance_profile" "g" {
  role = one(aws_iam_role.x[*].arn)
}
resource "aws_iam_role_policy_attachment" "agent" {
  role       = aws_iam_role.x.arn
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}
resource "aws_instance" "either" {
  ami                  = "ami-0123456789abcdef0"
  iam_instance_profile = var.create ? one(aws_iam_instance_profile.a[*].arn) : var.profile
}
resource "aws_launch_template" "dynamic" {
  image_id = "ami-0123456789abcdef0"
  dynamic "iam_instance_profile" {
    for_each = var.create ? [1] : []
    content {
      name = aws_iam_instance_profile.a.arn
    }
  }
}
