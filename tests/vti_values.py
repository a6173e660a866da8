"""What VTK's own reader finds in FILE.vti: vti_values.py FILE. One fact a line, doubles as C's %a would write them.

Exit code 77 when VTK's Python module (Debian: python3-vtk9) is missing.
"""
import sys

try:
    from vtkmodules.vtkIOXML import vtkXMLImageDataReader
except ImportError as error:
    print("skipped:", error)
    sys.exit(77)


def main(path):
    reader = vtkXMLImageDataReader()
    if not reader.CanReadFile(path):
        sys.exit("VTK cannot read " + path)
    reader.SetFileName(path)
    reader.Update()
    if reader.GetErrorCode():
        sys.exit("VTK: error %d" % reader.GetErrorCode())
    image, points = reader.GetOutput(), reader.GetOutput().GetPointData()
    print("extent", *image.GetExtent())
    print("box", *(x.hex() for x in image.GetBounds()))
    for a in range(points.GetNumberOfArrays()):
        array = points.GetArray(a)
        parts = array.GetNumberOfComponents()
        print("array", array.GetDataTypeAsString(), parts, points.GetArrayName(a))
        for p in range(array.GetNumberOfTuples()):
            print("value", *(x.hex() for x in image.GetPoint(p)), *(x.hex() for x in array.GetTuple(p)))


main(*sys.argv[1:])
